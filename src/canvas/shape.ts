import type { ComputeArguments } from '../message/lazy.ts';
import type { Arguments, MessageOptions } from '../message/message.ts';
import type { Canvas, Chord, Group, Links, Task } from './canvas.ts';

// Normalizes workflows to the form of `Canvas`, by the rules of Celery's `|` operator and `apply_async`. Options of
// nested chains and groups, which Celery drops, are applied to their tasks.

/**
 * Creates a chain. A step after a group makes it a chord, and a step after a chord extends its body. A sequence of
 * one step is that step.
 */
export function sequence(steps: readonly [Canvas, ...Canvas[]]): Canvas {
  return join(steps.flatMap(flattenSteps));
}

/** Joins steps. None of them may be a chain. Runs of tasks are copied once: they may be long. */
function join(steps: readonly Canvas[]): Canvas {
  const at = steps.findIndex(({ kind }) => kind !== 'task');
  const [first, ...rest] =
    at === -1 ? steps : [...steps.slice(0, at), joinParallel(steps.slice(at))];
  return rest.length === 0 ? first! : { kind: 'chain', first: first as Task, rest };
}

/** Joins steps. The first must be a group or a chord. */
function joinParallel([first, ...after]: readonly Canvas[]): Canvas {
  if (after.length === 0) return first!;
  if (first!.kind !== 'chord')
    return { kind: 'chord', header: (first as Group).tasks, body: join(after) };
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

/** Creates a chord. */
export function makeChord(header: readonly Canvas[], body: Canvas): Chord {
  return { kind: 'chord', header: flattenGroups(header), body };
}

function flattenGroups(tasks: readonly Canvas[]): readonly Canvas[] {
  return tasks.flatMap((task) => (task.kind === 'group' ? flattenGroups(task.tasks) : [task]));
}

/** Applies options as Celery's `apply_async(**options)`; they take precedence over existing ones. */
export function withOptions(canvas: Canvas, options: MessageOptions): Canvas {
  const { taskId, ...others } = options;
  switch (canvas.kind) {
    case 'task':
      return { ...canvas, options: mergeOptions(canvas.options, options) };
    case 'chain': {
      const rest = onLast(canvas.rest, (last) => withOptions(last, { taskId }));
      return { ...canvas, first: withOptions(canvas.first, others) as Task, rest };
    }
    case 'group': {
      const tasks = canvas.tasks.map((task) => withOptions(task, others));
      return { ...canvas, id: taskId ?? canvas.id, tasks };
    }
    case 'chord': {
      const header = canvas.header.map((task) => withOptions(task, others));
      return { ...canvas, header, body: withOptions(canvas.body, toBodyOptions(options)) };
    }
  }
}

/**
 * The body of a chord has neither the delay nor the parent of the header. A fixed expiry applies only to the header:
 * after it has run, its results should be joined.
 */
function toBodyOptions({ expires, ...options }: MessageOptions): MessageOptions {
  const header = { countdown: undefined, eta: undefined, parentId: undefined };
  const lasting = typeof expires === 'object' && 'after' in expires ? expires : undefined;
  return { ...options, ...header, expires: lasting };
}

/**
 * Adds callbacks: `link` to the last step, which must not be a group, and `linkError` to each step. Those of a chord
 * belong to its body, whose errbacks workers also call if the header fails.
 */
export function withLinks(canvas: Canvas, links: Links): Canvas {
  const onError: Links = { ...links, link: [] };
  switch (canvas.kind) {
    case 'task': {
      const link = [...canvas.links.link, ...links.link];
      return {
        ...canvas,
        links: { link, linkError: [...canvas.links.linkError, ...links.linkError] },
      };
    }
    case 'chain': {
      const rest = onLast(
        canvas.rest,
        (last) => withLinks(last, links),
        (step) => withLinks(step, onError),
      );
      return { ...canvas, first: withLinks(canvas.first, onError) as Task, rest };
    }
    case 'group':
      return { ...canvas, tasks: canvas.tasks.map((task) => withLinks(task, onError)) };
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

function eachStart(canvas: Canvas, change: (task: Task) => Task): Canvas {
  const within = (parts: readonly Canvas[]) => parts.map((part) => eachStart(part, change));
  switch (canvas.kind) {
    case 'task':
      return change(canvas);
    case 'chain':
      return { ...canvas, first: change(canvas.first) };
    case 'group':
      return { ...canvas, tasks: within(canvas.tasks) };
    case 'chord':
      return { ...canvas, header: within(canvas.header) };
  }
}

function onLast(
  steps: readonly Canvas[],
  change: (last: Canvas) => Canvas,
  others: (step: Canvas) => Canvas = (step) => step,
): readonly Canvas[] {
  return steps.map((step, i) => (i === steps.length - 1 ? change(step) : others(step)));
}

/** Merges all options that are not `undefined`. */
function mergeOptions(own: MessageOptions, more: MessageOptions): MessageOptions {
  const present = Object.entries(more).filter(([, value]) => value !== undefined);
  return present.length === 0 ? own : { ...own, ...Object.fromEntries(present) };
}
