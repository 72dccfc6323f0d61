import type { ComputeArguments } from '../message/lazy.ts';
import type { Arguments, MessageOptions } from '../message/message.ts';

/**
 * A workflow of tasks, validated and normalized (`shape.ts`): no chain within a chain, no group within a group,
 * nothing after a group or a chord, and only tasks have options.
 */
export type Canvas = Task | Chain | Group | Chord;

/** A call of a task. */
export interface Task extends Arguments {
  readonly kind: 'task';
  /** The registered name of the Celery task. */
  readonly task: string;
  /**
   * Computes the arguments from the occurrence, in place of `args` and `kwargs`. Throws a `BeatError` if a function
   * fails or returns invalid arguments.
   */
  readonly compute?: ComputeArguments | undefined;
  readonly options: MessageOptions;
  readonly links: Links;
  /** Does not receive the results of previous tasks. */
  readonly immutable: boolean;
  /** The form of `argsrepr`: Celery's beat shows a list for an entry, its canvas tuples. */
  readonly reprAs: 'list' | 'tuple';
}

/** Callbacks: the worker calls `link` with the result of a task, `linkError` with the id of a failed task. */
export interface Links {
  readonly link: readonly Canvas[];
  readonly linkError: readonly Canvas[];
}

/** Tasks in sequence, each called with the result of the previous one. */
export interface Chain {
  readonly kind: 'chain';
  readonly first: Task;
  /** At least one; only the last may be a group or a chord. */
  readonly rest: readonly Canvas[];
}

/** Tasks in parallel. */
export interface Group {
  readonly kind: 'group';
  /** A fixed group id for every run. */
  readonly id: string | null;
  /** At least one, and none of them a group. */
  readonly tasks: readonly Canvas[];
}

/** A header in parallel, then the body with the list of its results. */
export interface Chord {
  readonly kind: 'chord';
  /** At least one, and none of them a group. */
  readonly header: readonly Canvas[];
  readonly body: Canvas;
}

export const NO_LINKS: Links = Object.freeze({ link: [], linkError: [] });

/** Returns the part whose result is the result of the canvas. */
export function findLastTask(canvas: Canvas): Task | Group {
  if (canvas.kind === 'chain') return findLastTask(canvas.rest.at(-1)!);
  return canvas.kind === 'chord' ? findLastTask(canvas.body) : canvas;
}

/** Returns the tasks that beat publishes; workers publish the others. */
export function initialTasks(canvas: Canvas): Task[] {
  if (canvas.kind === 'task') return [canvas];
  if (canvas.kind === 'chain') return [canvas.first];
  return (canvas.kind === 'group' ? canvas.tasks : canvas.header).flatMap(initialTasks);
}

/** Whether starting it starts a chord, whose size must be registered with the result backend. */
export function startsChord(canvas: Canvas): boolean {
  return canvas.kind === 'chord' || (canvas.kind === 'group' && canvas.tasks.some(startsChord));
}

const MAX_NAMES = 3;

/** Formats as `tasks.add`, `chain(tasks.add, tasks.mul)`, `group(tasks.add, …)`, for logs and tables. */
export function formatCanvas(canvas: Canvas): string {
  if (canvas.kind === 'task') return canvas.task;
  const names = [...new Set(listParts(canvas).map(formatCanvas))];
  const some = names.length > MAX_NAMES ? [...names.slice(0, MAX_NAMES), '…'] : names;
  return `${canvas.kind}(${some.join(', ')})`;
}

function listParts(canvas: Chain | Group | Chord): readonly Canvas[] {
  if (canvas.kind === 'chain') return [canvas.first, ...canvas.rest];
  return canvas.kind === 'group' ? canvas.tasks : [...canvas.header, canvas.body];
}
