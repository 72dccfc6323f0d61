import { pythonIso } from '../message/iso.ts';
import type { LazyContext } from '../message/lazy.ts';
import type { Arguments, MessageOptions } from '../message/message.ts';
import type { Canvas, Chain, Chord, Group, Links, Task } from './canvas.ts';

/** A signature as Celery serializes it, with options named as in `apply_async`. */
export interface SerializedSignature extends Arguments {
  readonly task: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly subtask_type: 'chain' | 'group' | 'chord' | null;
  readonly immutable: boolean;
}

/** The values that all signatures of one occurrence share. */
export interface SerializeContext {
  /** The IANA zone of instants. */
  readonly timezone: string;
  /** The occurrence, for its functions. */
  readonly lazyContext: LazyContext;
}

/** Serializes a signature without ids, which a worker may start any number of times. */
function serialize(canvas: Canvas, context: SerializeContext): SerializedSignature {
  const each = (parts: readonly Canvas[]) => parts.map((part) => serialize(part, context));
  switch (canvas.kind) {
    case 'task':
      return serializeTask(canvas, {}, context);
    case 'chain':
      return serializeComposite(canvas, { tasks: each([canvas.first, ...canvas.rest]) });
    case 'group':
      return serializeComposite(canvas, { tasks: each(canvas.tasks) });
    case 'chord': {
      const [header, body] = [each(canvas.header), serialize(canvas.body, context)];
      return serializeComposite(canvas, { kwargs: {}, header, body });
    }
  }
}

/** Serializes a task; its options are in Celery's order: the user's, the ids, the callbacks. */
export function serializeTask(
  task: Task,
  ids: SerializedSignature['options'],
  context: SerializeContext,
): SerializedSignature {
  const { link, errback } = serializeLinks(task.links, context);
  const options = {
    ...serializeOptions(task.options, context.timezone),
    ...ids,
    ...(link && { link }),
    ...(errback && { link_error: errback }),
  };
  const { args, kwargs } = resolveArguments(task, context);
  const { immutable } = task;
  return { task: task.task, args, kwargs, options, subtask_type: null, immutable };
}

export function serializeComposite(
  { kind }: Pick<Chain | Group | Chord, 'kind'>,
  kwargs: SerializedSignature['kwargs'],
  options: SerializedSignature['options'] = {},
): SerializedSignature {
  const task = `celery.${kind}`;
  return { task, args: [], kwargs, options, subtask_type: kind, immutable: false };
}

/** Resolves the arguments of a task. Throws a `BeatError` if a function fails. */
export function resolveArguments(task: Task, { lazyContext }: SerializeContext): Arguments {
  return task.compute?.(lazyContext) ?? task;
}

/** Serializes callbacks; `null` for none. */
export function serializeLinks({ link, linkError }: Links, context: SerializeContext) {
  const each = (links: readonly Canvas[]) =>
    links.length > 0 ? links.map((callback) => serialize(callback, context)) : null;
  return { link: each(link), errback: each(linkError) };
}

/** Serializes options for `apply_async`, with seconds in place of milliseconds. */
function serializeOptions(options: MessageOptions, timezone: string): Record<string, unknown> {
  const signature: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || key === 'taskId') continue;
    Object.assign(signature, serializeOption(key as keyof MessageOptions, value, timezone));
  }
  return signature;
}

function serializeOption(
  key: keyof MessageOptions,
  value: unknown,
  timezone: string,
): Record<string, unknown> {
  switch (key) {
    case 'countdown':
      return { countdown: (value as number) / 1_000 };
    case 'eta':
      return { eta: pythonIso(value as number, timezone) };
    case 'expires':
      return { expires: (value as { readonly after: number }).after / 1_000 };
    case 'stamps':
      return { ...(value as object), stamped_headers: Object.keys(value as object) };
    case 'properties':
      return value as Record<string, unknown>;
    case 'retryPolicy': {
      const policy = Object.entries(value as Record<string, unknown>).map(([name, part]) => [
        snakeCase(name),
        part,
      ]);
      return { retry_policy: Object.fromEntries(policy) as unknown };
    }
    default:
      return { [snakeCase(key)]: value };
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
