import type { ComputeArguments } from '../message/lazy.ts';
import { mergeOptions, type Arguments, type MessageOptions } from '../message/message.ts';
import { renderOptions, type RenderTemplates } from '../message/template.ts';

/**
 * A workflow of tasks, validated and normalized (`sequence`, `parallel`, `makeChord`): no chain within a chain, no group within a group,
 * nothing after a group or a chord, and only tasks have options.
 */
export type Canvas = Task | Chain | Group | Chord;

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
  /** The task does not receive the results of previous tasks. */
  readonly immutable: boolean;
  /** The form of `argsrepr`: Celery's beat shows a list for an entry, and tuples for a canvas. */
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

/** Whether the canvas starts a chord, whose size must be registered with the result backend. */
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

export function listParts(canvas: Chain | Group | Chord): readonly Canvas[] {
  if (canvas.kind === 'chain') return [canvas.first, ...canvas.rest];
  return canvas.kind === 'group' ? canvas.tasks : [...canvas.header, canvas.body];
}

// Normalizes workflows to the form of `Canvas`, by the rules of Celery's `|` operator and `apply_async`. Options of
// nested chains and groups, which Celery drops, are applied to their tasks.

/** Creates a chain. A step after a group makes a chord; a step after a chord extends its body. */
export function sequence(steps: readonly [Canvas, ...Canvas[]]): Canvas {
  return join(steps.flatMap(flattenSteps));
}

/** Joins steps. None of them may be a chain. Runs of tasks are copied once: they may be long. */
function join(steps: readonly Canvas[]): Canvas {
  const at = steps.findIndex(({ kind }) => kind !== 'task');
  const [first, ...rest] = at === -1 ? steps : [...steps.slice(0, at), joinParallel(steps.slice(at))];
  return rest.length === 0 ? first! : { kind: 'chain', first: first as Task, rest };
}

/** Joins steps. The first must be a group or a chord. */
function joinParallel([first, ...after]: readonly Canvas[]): Canvas {
  if (after.length === 0) return first!;
  if (first!.kind !== 'chord') return { kind: 'chord', header: (first as Group).tasks, body: join(after) };
  return { ...first!, body: sequence([first!.body, ...after]) };
}

/** In a sequence a group of one task is that task. */
function flattenSteps(step: Canvas): readonly Canvas[] {
  if (step.kind === 'chain') return [step.first, ...step.rest];
  return step.kind === 'group' && step.tasks.length === 1 ? flattenSteps(step.tasks[0]!) : [step];
}

/** Creates a group; nested groups are flattened. */
export function parallel(tasks: readonly Canvas[]): Group {
  return { kind: 'group', id: null, tasks: flattenGroups(tasks) };
}

export function makeChord(header: readonly Canvas[], body: Canvas): Chord {
  return { kind: 'chord', header: flattenGroups(header), body };
}

function flattenGroups(tasks: readonly Canvas[]): readonly Canvas[] {
  return tasks.flatMap((task) => (task.kind === 'group' ? flattenGroups(task.tasks) : [task]));
}

/** Applies options as Celery's `apply_async(**options)`; they take precedence over existing ones. */
export function withOptions(canvas: Canvas, options: MessageOptions): Canvas {
  const { taskId, ...others } = options;
  const each = (parts: readonly Canvas[]) => parts.map((part) => withOptions(part, others));
  switch (canvas.kind) {
    case 'task':
      return { ...canvas, options: mergeOptions(canvas.options, options) };
    case 'chain': {
      const rest = canvas.rest.with(-1, withOptions(canvas.rest.at(-1)!, { taskId }));
      return { ...canvas, first: withOptions(canvas.first, others) as Task, rest };
    }
    case 'group':
      return { ...canvas, id: taskId ?? canvas.id, tasks: each(canvas.tasks) };
    case 'chord':
      return { ...canvas, header: each(canvas.header), body: withOptions(canvas.body, toBodyOptions(options)) };
  }
}

/** A chord's body takes neither delay, parent nor fixed expiry of the header: finished results should be joined. */
function toBodyOptions({ expires, ...options }: MessageOptions): MessageOptions {
  const header = { countdown: undefined, eta: undefined, parentId: undefined };
  const lasting = typeof expires === 'object' && 'after' in expires ? expires : undefined;
  return { ...options, ...header, expires: lasting };
}

/** Adds `link` to the last step, not of a group, and `linkError` to each; those of a chord belong to its body. */
export function withLinks(canvas: Canvas, links: Links): Canvas {
  const onError: Links = { ...links, link: [] };
  const each = (parts: readonly Canvas[]) => parts.map((part) => withLinks(part, onError));
  switch (canvas.kind) {
    case 'task': {
      const link = [...canvas.links.link, ...links.link];
      return { ...canvas, links: { link, linkError: [...canvas.links.linkError, ...links.linkError] } };
    }
    case 'chain': {
      const rest = each(canvas.rest).with(-1, withLinks(canvas.rest.at(-1)!, links));
      return { ...canvas, first: withLinks(canvas.first, onError) as Task, rest };
    }
    case 'group':
      return { ...canvas, tasks: each(canvas.tasks) };
    case 'chord':
      return { ...canvas, body: withLinks(canvas.body, links) };
  }
}

/** As Celery's `set_immutable`: the first tasks do not receive results of previous tasks. */
export function immutable(canvas: Canvas): Canvas {
  return eachStart(canvas, (task) => ({ ...task, immutable: true }));
}

/** As Celery's `apply_async(args, kwargs)`: prepends arguments to those of the first tasks that are not immutable. */
export function withArguments(
  canvas: Canvas,
  { args, kwargs, compute }: Pick<Task, 'args' | 'kwargs' | 'compute'>,
): Canvas {
  const before = (given: Arguments, own: Arguments): Arguments => ({
    args: [...given.args, ...own.args],
    kwargs: { ...own.kwargs, ...given.kwargs },
  });
  return eachStart(canvas, (task) => {
    if (task.immutable) return task;
    const fixed = { ...task, ...before({ args, kwargs }, task) };
    if (!compute && !task.compute) return fixed;
    const both: ComputeArguments = (context) =>
      before(compute?.(context) ?? { args, kwargs }, task.compute?.(context) ?? task);
    const specs = [compute, task.compute].flatMap((each) => (each ? [each.spec] : []));
    if (specs.includes(undefined)) return { ...fixed, compute: both };
    return { ...fixed, compute: Object.assign(both, { spec: specs.join(' ') }) };
  });
}

/** Changes the first tasks of a canvas; with `inBodies`, also the first tasks of the bodies of chords. */
export function eachStart(canvas: Canvas, change: (task: Task) => Task, inBodies = false): Canvas {
  const within = (part: Canvas) => eachStart(part, change, inBodies);
  switch (canvas.kind) {
    case 'task':
      return change(canvas);
    case 'chain':
      return { ...canvas, first: change(canvas.first) };
    case 'group':
      return { ...canvas, tasks: canvas.tasks.map(within) };
    case 'chord': {
      const body = inBodies ? within(canvas.body) : canvas.body;
      return { ...canvas, header: canvas.header.map(within), body };
    }
  }
}

export function renderCanvas(canvas: Canvas, fill: RenderTemplates): Canvas {
  const each = (parts: readonly Canvas[]) => parts.map((part) => renderCanvas(part, fill));
  switch (canvas.kind) {
    case 'task': {
      const { link, linkError } = canvas.links;
      const links = { link: each(link), linkError: each(linkError) };
      return { ...canvas, options: renderOptions(canvas.options, fill), links };
    }
    case 'chain':
      return { ...canvas, first: renderCanvas(canvas.first, fill) as Task, rest: each(canvas.rest) };
    case 'group':
      return { ...canvas, id: canvas.id === null ? null : fill(canvas.id), tasks: each(canvas.tasks) };
    case 'chord':
      return { ...canvas, header: each(canvas.header), body: renderCanvas(canvas.body, fill) };
  }
}

/** The approximate bytes of a signature without its arguments and options. */
const SIGNATURE = 200;

/** The approximate bytes in the messages of one run, after a call is applied to its canvas. */
export function measureCall(canvas: Canvas, call: Pick<Task, 'args' | 'kwargs' | 'options' | 'links'>): number {
  const { args, kwargs, options, links } = call;
  const added = initialTasks(canvas).length * measureJson([args, kwargs]);
  return added + measureCanvas(canvas, measureJson([options, links]));
}

/** About how many bytes a run's messages have; `more` per task. It grows exponentially with a chain of groups. */
export function measureCanvas(canvas: Canvas, more = 0, chord = 0): number {
  const sum = (parts: readonly Canvas[], body = 0) =>
    parts.reduce((bytes, part) => bytes + measureCanvas(part, more, body), 0);
  switch (canvas.kind) {
    case 'task': {
      const { args, kwargs, options, links } = canvas;
      return SIGNATURE + measureJson([args, kwargs, options, links]) + more + chord;
    }
    case 'chain':
      return SIGNATURE + sum([canvas.first, ...canvas.rest.slice(0, -1)]) + sum(canvas.rest.slice(-1), chord);
    case 'group':
      return SIGNATURE + chord + sum(canvas.tasks, chord);
    case 'chord': {
      const body = measureCanvas(canvas.body, more, chord);
      return 2 * (SIGNATURE + body) + sum(canvas.header, body);
    }
  }
}

/** The approximate bytes of a value in a message. */
export function measureJson(value: unknown): number {
  const toText = (_key: string, each: unknown) => (typeof each === 'bigint' ? String(each) : each);
  return JSON.stringify(value, toText).length;
}
