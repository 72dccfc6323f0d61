import { eachStart, findLastTask } from './canvas.ts';
import type { Canvas, Chord, Task, Chain, Group, Links } from './canvas.ts';
import { BEAT_TASK } from '../message/beat-task.ts';
import type { LazyContext } from '../message/lazy.ts';
import type { Arguments, MessageOptions } from '../message/message.ts';
import { pythonIso } from '../message/parse-instant.ts';
import type { Embed } from '../message/payload.ts';
import { pythonJson } from '../message/python.ts';
import type { ChordSize } from '../message/run-messages.ts';

/** A task to publish, with the signatures that run after it. */
interface TaskCall {
  readonly task: Task;
  /** The arguments for this occurrence. */
  readonly given: Arguments;
  readonly id: string;
  /** The options of the task, with its position in its group. */
  readonly options: MessageOptions;
  readonly embed: Embed;
}

interface Unfolded {
  /** The id of the result. */
  readonly id: string;
  /** In the order of publishing. */
  readonly calls: readonly TaskCall[];
  readonly chords: readonly ChordSize[];
}

/** The values that all signatures of one occurrence share. */
interface OccurrenceContext {
  /** The IANA zone of instants. */
  readonly timezone: string;
  /** The occurrence, for its functions. */
  readonly lazyContext: LazyContext;
  /** The queue for replies. */
  readonly replyTo: string;
  readonly idAt: (place: string) => string;
}

/** Lists the tasks to publish: Celery's `apply_async` without publishing. `id` is that of the result. */
export function unfold(canvas: Canvas, id: string, context: OccurrenceContext): Unfolded {
  const calls: TaskCall[] = [];
  const chords: ChordSize[] = [];
  const result = start(canvas, { place: '', id }, { ...context, calls, chords });
  return { id: result.id, calls, chords };
}

interface UnfoldContext extends OccurrenceContext {
  readonly calls: TaskCall[];
  readonly chords: ChordSize[];
}

function start(canvas: Canvas, position: Position, context: UnfoldContext): Result {
  switch (canvas.kind) {
    case 'task': {
      const id = assignId(canvas, position, context);
      return { id: call(canvas, { ...position, id }, null, context) };
    }
    case 'chain': {
      const { signatures, result } = freezeRest(canvas.rest, position, context);
      // The worker pops the next step from the end.
      call(canvas.first, { place: `${position.place}/0` }, signatures.toReversed(), context);
      return result;
    }
    case 'group': {
      const groupId = canvas.id ?? position.id ?? context.idAt(position.place);
      return { id: groupId, nodes: startAll(canvas.tasks, { ...position, groupId }, context) };
    }
    case 'chord':
      return startChord(canvas, position, context);
  }
}

function startAll(tasks: readonly Canvas[], position: Position, context: UnfoldContext): Result[] {
  const { place, groupId, chord } = position;
  return tasks.map((task, groupIndex) =>
    start(task, { place: `${place}/${groupIndex}`, groupId, groupIndex, chord }, context),
  );
}

function startChord({ header, body }: Chord, position: Position, context: UnfoldContext): Result {
  const place = `${position.place}/header`;
  const groupId = context.idAt(place);
  const bodyPosition = {
    ...position,
    place: `${position.place}/body`,
    groupId: position.groupId ?? groupId,
  };
  const { signature, result } = freeze(markScheduled(body), bodyPosition, context);
  const nodes = startAll(header, { place, groupId, chord: signature }, context);
  const size = header.reduce((sum, task) => sum + countResults(task), 0);
  context.chords.push({ groupId, size, results: serializeResults(groupId, nodes) });
  return result;
}

function call(
  task: Task,
  position: Position,
  chain: SerializedSignature[] | null,
  context: UnfoldContext,
): string {
  const { link, errback } = serializeLinks(task.links, context);
  const id = assignId(task, position, context);
  const { groupId = task.options.groupId, groupIndex = task.options.groupIndex } = position;
  context.calls.push({
    task,
    given: resolveArguments(task, context),
    id,
    options: { ...task.options, groupId, groupIndex },
    embed: { callbacks: link, errbacks: errback, chain, chord: position.chord ?? null },
  });
  return id;
}

/** Counts the results of a part of a header for which the body of the chord waits. */
function countResults(canvas: Canvas): number {
  const last = findLastTask(canvas);
  if (last.kind === 'task') return 1;
  return last.tasks.reduce((sum, task) => sum + countResults(task), 0);
}

/** Serializes results as Celery's `GroupResult.save`, without parents. */
function serializeResults(groupId: string, nodes: readonly Result[]): string | null {
  if (nodes.every((node) => node.nodes === undefined)) return null;
  return pythonJson({ result: toTuple({ id: groupId, nodes }) });
}

function toTuple({ id, nodes }: Result): unknown {
  return [[id, null], nodes?.map(toTuple) ?? null];
}

/**
 * Adds the header that marks scheduled tasks to the body of a chord: Celery's chord passes the headers of its call
 * on to its body, although a worker publishes that. Only the first step of a chain has the header.
 */
function markScheduled(canvas: Canvas): Canvas {
  const mark = (task: Task): Task => {
    const headers = { ...task.options.headers, [BEAT_TASK]: true };
    return { ...task, options: { ...task.options, headers } };
  };
  return eachStart(canvas, mark, true);
}

// Celery's `freeze`: assigns all ids of signatures that workers publish later. Repeats of a run have the same ids, and
// the id of the result is known before the first task starts.

/** The position of a part in the canvas. */
interface Position {
  /** The path from which ids are computed. */
  readonly place: string;
  /** A fixed id of its result. */
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** The body of the chord that waits for its result. */
  readonly chord?: SerializedSignature | undefined;
}

/** The id of a result; for a group also the results of its tasks. */
interface Result {
  readonly id: string;
  readonly nodes?: readonly Result[];
}

interface Frozen {
  readonly signature: SerializedSignature;
  readonly result: Result;
}

function freeze(canvas: Canvas, position: Position, context: OccurrenceContext): Frozen {
  switch (canvas.kind) {
    case 'task':
      return freezeTask(canvas, position, context);
    case 'chain':
      return freezeChain(canvas, position, context);
    case 'group':
      return freezeGroup(canvas, position, context);
    case 'chord':
      return freezeChord(canvas, position, context);
  }
}

function freezeTask(task: Task, position: Position, context: OccurrenceContext): Frozen {
  const id = assignId(task, position, context);
  const replyTo = task.options.replyTo ?? context.replyTo;
  const signature = serializeTask(
    task,
    { task_id: id, reply_to: replyTo, ...groupOptions(position) },
    context,
  );
  return { signature, result: { id } };
}

function assignId({ options }: Task, { id, place }: Position, { idAt }: OccurrenceContext): string {
  return options.taskId ?? id ?? idAt(place);
}

function freezeChain(
  { first, rest }: Chain,
  position: Position,
  context: OccurrenceContext,
): Frozen {
  const start = freeze(first, { place: `${position.place}/0` }, context);
  const { signatures, result } = freezeRest(rest, position, context);
  const tasks = [start.signature, ...signatures];
  return { signature: serializeComposite('chain', { tasks }, { task_id: result.id }), result };
}

/** Freezes the steps after the first of a chain; the last one has the position of the chain. */
function freezeRest(
  rest: Chain['rest'],
  position: Position,
  context: OccurrenceContext,
): { signatures: SerializedSignature[]; result: Result } {
  const frozen = rest.map((step, i) => {
    const place = `${position.place}/${i + 1}`;
    return freeze(step, i === rest.length - 1 ? { ...position, place } : { place }, context);
  });
  return { signatures: frozen.map(({ signature }) => signature), result: frozen.at(-1)!.result };
}

function freezeGroup({ id, tasks }: Group, position: Position, context: OccurrenceContext): Frozen {
  const groupId = id ?? position.id ?? context.idAt(position.place);
  const frozen = tasks.map((task, i) => {
    const place = `${position.place}/${i}`;
    // Without a chord, the worker that starts the group sets the group id.
    const whole = position.chord && { groupId: position.groupId, chord: position.chord };
    return freeze(task, { place, groupIndex: i, ...whole }, context);
  });
  const options = { task_id: groupId, ...groupOptions(position), root_id: null, parent_id: null };
  const signatures = frozen.map(({ signature }) => signature);
  return {
    signature: serializeComposite('group', { tasks: signatures }, options),
    result: { id: groupId, nodes: frozen.map(({ result }) => result) },
  };
}

function freezeChord(
  { header, body }: Chord,
  position: Position,
  context: OccurrenceContext,
): Frozen {
  const id = context.idAt(`${position.place}/header`);
  const after = freeze(body, { ...position, place: `${position.place}/body` }, context);
  const group: Group = { kind: 'group', id, tasks: header };
  const inHeader = { place: `${position.place}/header`, chord: after.signature };
  const before = freeze(group, inHeader, context);
  const kwargs = { kwargs: {}, header: before.signature, body: after.signature };
  return {
    signature: serializeComposite('chord', kwargs, { task_id: id }),
    result: after.result,
  };
}

function groupOptions({ groupId, chord, groupIndex }: Position): Record<string, unknown> {
  return {
    ...(groupId !== undefined && { group_id: groupId }),
    ...(chord && { chord }),
    ...(groupIndex !== undefined && { group_index: groupIndex }),
  };
}

/** A signature as Celery serializes it, with options named as in `apply_async`. */
interface SerializedSignature extends Arguments {
  readonly task: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly subtask_type: 'chain' | 'group' | 'chord' | null;
  readonly immutable: boolean;
}

/** Serializes a signature without ids, which a worker may start any number of times. */
function serialize(canvas: Canvas, context: OccurrenceContext): SerializedSignature {
  const each = (parts: readonly Canvas[]) => parts.map((part) => serialize(part, context));
  switch (canvas.kind) {
    case 'task':
      return serializeTask(canvas, {}, context);
    case 'chain':
      return serializeComposite(canvas.kind, { tasks: each([canvas.first, ...canvas.rest]) });
    case 'group':
      return serializeComposite(canvas.kind, { tasks: each(canvas.tasks) });
    case 'chord': {
      const [header, body] = [each(canvas.header), serialize(canvas.body, context)];
      return serializeComposite(canvas.kind, { kwargs: {}, header, body });
    }
  }
}

/** Serializes a task; its options are in Celery's order: the user's, the ids, the callbacks. */
function serializeTask(
  task: Task,
  ids: SerializedSignature['options'],
  context: OccurrenceContext,
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

function serializeComposite(
  kind: 'chain' | 'group' | 'chord',
  kwargs: SerializedSignature['kwargs'],
  options: SerializedSignature['options'] = {},
): SerializedSignature {
  const task = `celery.${kind}`;
  return { task, args: [], kwargs, options, subtask_type: kind, immutable: false };
}

/** Resolves the arguments of a task. Throws a `BeatError` if a function fails. */
function resolveArguments(task: Task, { lazyContext }: OccurrenceContext): Arguments {
  return task.compute?.(lazyContext) ?? task;
}

/** Serializes callbacks; `null` for none. */
function serializeLinks({ link, linkError }: Links, context: OccurrenceContext) {
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
