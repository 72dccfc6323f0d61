import type { LazyContext } from '../message/lazy.ts';
import type { Arguments, MessageOptions } from '../message/message.ts';

/**
 * Several tasks as one piece of work, after validation. What users wrote has been brought into one form
 * (`shape.ts`): no chain within a chain, no group within a group, nothing after a group or a chord, and
 * no options but those of tasks.
 */
export type Canvas = Task | Chain | Group | Chord;

/** One call of a task. */
export interface Task extends Arguments {
  readonly kind: 'task';
  /** The registered name of the Celery task. */
  readonly task: string;
  /**
   * Works out the arguments of an occurrence, instead of `args` and `kwargs`, where they depend on it. Throws
   * a `BeatError` when it cannot, or when a task cannot be sent them.
   */
  readonly compute?: ((context: LazyContext) => Arguments) | undefined;
  readonly options: MessageOptions;
  readonly links: Links;
  /** Takes no arguments from what ran before it. */
  readonly immutable: boolean;
  /** How workers show the arguments: Celery's beat makes a list of an entry's, its canvas tuples. */
  readonly reprAs: 'list' | 'tuple';
}

/** Called by the worker with what a task returned, or with the id of one that failed. */
export interface Links {
  readonly link: readonly Canvas[];
  readonly linkError: readonly Canvas[];
}

/** One after the other, each called with what the one before it returned. */
export interface Chain {
  readonly kind: 'chain';
  readonly first: Task;
  /** At least one; only the last may be no task. */
  readonly rest: readonly Canvas[];
}

/** All at once. */
export interface Group {
  readonly kind: 'group';
  /** A fixed group id for every run. */
  readonly id: string | null;
  /** At least one, and none of them a group. */
  readonly tasks: readonly Canvas[];
}

/** All of the header at once, then the body with the list of what they returned. */
export interface Chord {
  readonly kind: 'chord';
  /** At least one, and none of them a group. */
  readonly header: readonly Canvas[];
  readonly body: Canvas;
}

export const NO_LINKS: Links = Object.freeze({ link: [], linkError: [] });

/** The one whose result is the result of the whole. */
export function findLastTask(canvas: Canvas): Task | Group {
  if (canvas.kind === 'chain') return findLastTask(canvas.rest.at(-1)!);
  return canvas.kind === 'chord' ? findLastTask(canvas.body) : canvas;
}

/** Those whose messages are sent by whoever starts the whole; the others by workers. */
export function initialTasks(canvas: Canvas): Task[] {
  if (canvas.kind === 'task') return [canvas];
  if (canvas.kind === 'chain') return [canvas.first];
  return (canvas.kind === 'group' ? canvas.tasks : canvas.header).flatMap(initialTasks);
}

/** Whether starting it starts a chord, whose size the result backend has to know. */
export function startsChord(canvas: Canvas): boolean {
  return canvas.kind === 'chord' || (canvas.kind === 'group' && canvas.tasks.some(startsChord));
}

const MOST_NAMES = 3;

/** For logs and tables: `tasks.add`, `chain(tasks.add, tasks.mul)`, `group(tasks.add, …)`. */
export function formatCanvas(canvas: Canvas): string {
  if (canvas.kind === 'task') return canvas.task;
  const names = [...new Set(listParts(canvas).map(formatCanvas))];
  const some = names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), '…'] : names;
  return `${canvas.kind}(${some.join(', ')})`;
}

function listParts(canvas: Chain | Group | Chord): readonly Canvas[] {
  if (canvas.kind === 'chain') return [canvas.first, ...canvas.rest];
  return canvas.kind === 'group' ? canvas.tasks : [...canvas.header, canvas.body];
}
