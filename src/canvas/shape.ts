import type { Arguments, MessageOptions } from '../message/message.ts';
import type { Canvas, Chord, Group, Links, Task } from './canvas.ts';

// Brings what users compose into the form that `Canvas` promises, by the rules of Celery's `|` operator
// and `apply_async`. What Celery forgets on the way (the options of a chain within a chain, of a group
// within a group) reaches the tasks that it was meant for.

/**
 * One after the other. What follows a group makes a chord of it, and what follows a chord its body longer.
 * A sequence of one is that one.
 */
export function sequence(steps: readonly [Canvas, ...Canvas[]]): Canvas {
  const [first, ...rest] = steps.flatMap(flattenSteps) as [Canvas, ...Canvas[]];
  const [second] = rest;
  if (!second) return first;
  if (first.kind === 'task') {
    const tail = sequence([second, ...rest.slice(1)]);
    return {
      kind: 'chain',
      first,
      rest: tail.kind === 'chain' ? [tail.first, ...tail.rest] : [tail],
    };
  }
  const after = rest as [Canvas, ...Canvas[]];
  if (first.kind === 'chord') return { ...first, body: sequence([first.body, ...after]) };
  return { kind: 'chord', header: (first as Group).tasks, body: sequence(after) };
}

/** In a sequence a group of one is that one. */
function flattenSteps(step: Canvas): readonly Canvas[] {
  if (step.kind === 'chain') return [step.first, ...step.rest];
  return step.kind === 'group' && step.tasks.length === 1 ? flattenSteps(step.tasks[0]!) : [step];
}

/** All at once; groups among them are taken apart. */
export function parallel(tasks: readonly Canvas[]): Group {
  return { kind: 'group', id: null, tasks: flattenGroups(tasks) };
}

/** A header, then a body. */
export function makeChord(header: readonly Canvas[], body: Canvas): Chord {
  return { kind: 'chord', header: flattenGroups(header), body };
}

function flattenGroups(tasks: readonly Canvas[]): readonly Canvas[] {
  return tasks.flatMap((task) => (task.kind === 'group' ? flattenGroups(task.tasks) : [task]));
}

/** Options that reach what they concern, as Celery's `apply_async(**options)` has them, and win over its own. */
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
 * A chord's delay is over when its body is called, and its parent is another. An instant after which all
 * is worthless is for the header: once that has run, its results are worth joining.
 */
function toBodyOptions({ expires, ...options }: MessageOptions): MessageOptions {
  const header = { countdown: undefined, eta: undefined, parentId: undefined };
  const lasting = typeof expires === 'object' && 'after' in expires ? expires : undefined;
  return { ...options, ...header, expires: lasting };
}

/**
 * Callbacks: of what succeeds at the end, which must be no group, and of each step that fails. A chord's
 * are its body's, whose errbacks workers call too when the header fails.
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

/** As Celery's `set_immutable`: what comes first takes no arguments from what ran before. */
export function immutable(canvas: Canvas): Canvas {
  return eachStart(canvas, (task) => ({ ...task, immutable: true }));
}

/** As Celery's `apply_async(args, kwargs)`: before the arguments of what comes first, if it takes any. */
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
    return {
      ...fixed,
      compute: (context) =>
        before(compute?.(context) ?? { args, kwargs }, task.compute?.(context) ?? task),
    };
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

/** What is not said leaves standing what was. */
function mergeOptions(own: MessageOptions, more: MessageOptions): MessageOptions {
  const said = Object.entries(more).filter(([, value]) => value !== undefined);
  return said.length === 0 ? own : { ...own, ...Object.fromEntries(said) };
}
