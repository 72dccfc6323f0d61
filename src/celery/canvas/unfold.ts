import type { Canvas, Chain, Chord, Group, Links, Task } from './canvas.ts';
import { eachStart, findLastTask, listParts } from './canvas.ts';
import { BEAT_TASK, type Arguments, type MessageOptions, type ChordSize } from '../message/message.ts';
import type { LazyContext } from '../message/lazy.ts';
import { pythonIso } from '../message/parse-instant.ts';
import type { Embed } from '../message/payload.ts';
import { pythonJson } from '../message/python.ts';

/** A task to publish, with the signatures that run after it. */
interface TaskCall {
  readonly task: Task;
  /** The arguments for this occurrence. */
  readonly given: Arguments;
  readonly id: string;
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
  readonly lazyContext: LazyContext;
  readonly replyTo: string;
  readonly idAt: (place: string) => string;
}

/** Lists the tasks to publish: Celery's `apply_async` without publishing. `id` is the id of the result. */
export function unfold(canvas: Canvas, id: string, context: OccurrenceContext): Unfolded {
  const unfolding = new Unfolding(context);
  const result = unfolding.start(canvas, { place: '', id });
  return { id: result.id, calls: unfolding.calls, chords: unfolding.chords };
}

interface CanvasPosition {
  /** The path from which ids are computed. */
  readonly place: string;
  /** A fixed id of its result. */
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  readonly chord?: SerializedSignature | undefined;
}

/** The id of a result; for a group also the results of its tasks. */
interface ResultId {
  readonly id: string;
  readonly nodes?: readonly ResultId[];
}

interface Frozen {
  readonly signature: SerializedSignature;
  readonly result: ResultId;
}

/** A signature as Celery serializes it, with options named as in `apply_async`. */
interface SerializedSignature extends Arguments {
  readonly task: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly subtask_type: 'chain' | 'group' | 'chord' | null;
  readonly immutable: boolean;
}

class Unfolding {
  readonly calls: TaskCall[] = [];
  readonly chords: ChordSize[] = [];
  readonly #context: OccurrenceContext;

  constructor(context: OccurrenceContext) {
    this.#context = context;
  }

  start(canvas: Canvas, position: CanvasPosition): ResultId {
    const { place } = position;
    switch (canvas.kind) {
      case 'task':
        return { id: this.#call(canvas, position, null) };
      case 'chain': {
        const { signatures, result } = this.#freezeRest(canvas.rest, position);
        // The worker pops the next step from the end.
        this.#call(canvas.first, { place: `${place}/0` }, signatures.toReversed());
        return result;
      }
      case 'group': {
        const groupId = canvas.id ?? position.id ?? this.#context.idAt(place);
        return { id: groupId, nodes: this.#startAll(canvas.tasks, { ...position, groupId }) };
      }
      case 'chord':
        return this.#startChord(canvas, position);
    }
  }

  #startAll(tasks: readonly Canvas[], { place, groupId, chord }: CanvasPosition): ResultId[] {
    return tasks.map((task, groupIndex) =>
      this.start(task, { place: `${place}/${groupIndex}`, groupId, groupIndex, chord }),
    );
  }

  #startChord({ header, body }: Chord, position: CanvasPosition): ResultId {
    const place = `${position.place}/header`;
    const groupId = this.#context.idAt(place);
    const { signature, result } = this.#freeze(markScheduled(body), {
      ...position,
      place: `${position.place}/body`,
      groupId: position.groupId ?? groupId,
    });
    const nodes = this.#startAll(header, { place, groupId, chord: signature });
    const size = header.reduce((sum, task) => sum + countResults(task), 0);
    this.chords.push({ groupId, size, results: serializeResults(groupId, nodes) });
    return result;
  }

  /** Adds a task to publish; returns its id. */
  #call(task: Task, position: CanvasPosition, chain: SerializedSignature[] | null): string {
    const { link, errback } = this.#serializeLinks(task.links);
    const id = this.#idOf(task, position);
    const { groupId = task.options.groupId, groupIndex = task.options.groupIndex } = position;
    this.calls.push({
      task,
      given: this.#resolveArguments(task),
      id,
      options: { ...task.options, groupId, groupIndex },
      embed: { callbacks: link, errbacks: errback, chain, chord: position.chord ?? null },
    });
    return id;
  }

  #idOf({ options }: Task, { id, place }: CanvasPosition): string {
    return options.taskId ?? id ?? this.#context.idAt(place);
  }

  /**
   * Celery's `freeze`: assigns all ids of signatures that workers publish later. Repeats of a run have the same ids, and
   * the id of the result is known before the first task starts.
   */
  #freeze(canvas: Canvas, position: CanvasPosition): Frozen {
    switch (canvas.kind) {
      case 'task': {
        const id = this.#idOf(canvas, position);
        const replyTo = canvas.options.replyTo ?? this.#context.replyTo;
        const ids = { task_id: id, reply_to: replyTo, ...groupOptions(position) };
        return { signature: this.#serializeTask(canvas, ids), result: { id } };
      }
      case 'chain': {
        const first = this.#freeze(canvas.first, { place: `${position.place}/0` });
        const { signatures, result } = this.#freezeRest(canvas.rest, position);
        const tasks = [first.signature, ...signatures];
        return { signature: serializeComposite('chain', { tasks }, { task_id: result.id }), result };
      }
      case 'group':
        return this.#freezeGroup(canvas, position);
      case 'chord':
        return this.#freezeChord(canvas, position);
    }
  }

  /** Freezes the steps after the first of a chain; the last one has the position of the chain. */
  #freezeRest(rest: Chain['rest'], position: CanvasPosition): { signatures: SerializedSignature[]; result: ResultId } {
    const frozen = rest.map((step, i) => {
      const place = `${position.place}/${i + 1}`;
      return this.#freeze(step, i === rest.length - 1 ? { ...position, place } : { place });
    });
    return { signatures: frozen.map(({ signature }) => signature), result: frozen.at(-1)!.result };
  }

  #freezeGroup({ id, tasks }: Group, position: CanvasPosition): Frozen {
    const groupId = id ?? position.id ?? this.#context.idAt(position.place);
    const frozen = tasks.map((task, i) => {
      const place = `${position.place}/${i}`;
      // Without a chord, the worker that starts the group sets the group id.
      const whole = position.chord && { groupId: position.groupId, chord: position.chord };
      return this.#freeze(task, { place, groupIndex: i, ...whole });
    });
    const options = { task_id: groupId, ...groupOptions(position), root_id: null, parent_id: null };
    const signatures = frozen.map(({ signature }) => signature);
    return {
      signature: serializeComposite('group', { tasks: signatures }, options),
      result: { id: groupId, nodes: frozen.map(({ result }) => result) },
    };
  }

  #freezeChord({ header, body }: Chord, position: CanvasPosition): Frozen {
    const place = `${position.place}/header`;
    const id = this.#context.idAt(place);
    const after = this.#freeze(body, { ...position, place: `${position.place}/body` });
    const before = this.#freeze({ kind: 'group', id, tasks: header }, { place, chord: after.signature });
    const kwargs = { kwargs: {}, header: before.signature, body: after.signature };
    return { signature: serializeComposite('chord', kwargs, { task_id: id }), result: after.result };
  }

  /** Serializes a signature without ids, which a worker may start any number of times. */
  #serialize(canvas: Canvas): SerializedSignature {
    if (canvas.kind === 'task') return this.#serializeTask(canvas, {});
    const parts = listParts(canvas).map((part) => this.#serialize(part));
    if (canvas.kind !== 'chord') return serializeComposite(canvas.kind, { tasks: parts });
    return serializeComposite('chord', { kwargs: {}, header: parts.slice(0, -1), body: parts.at(-1) });
  }

  /** Serializes a task; its options are in Celery's order: the user's, the ids, the callbacks. */
  #serializeTask(task: Task, ids: SerializedSignature['options']): SerializedSignature {
    const { link, errback } = this.#serializeLinks(task.links);
    const options = {
      ...serializeOptions(task.options, this.#context.timezone),
      ...ids,
      ...(link && { link }),
      ...(errback && { link_error: errback }),
    };
    const { args, kwargs } = this.#resolveArguments(task);
    return { task: task.task, args, kwargs, options, subtask_type: null, immutable: task.immutable };
  }

  /** Throws a `BeatError` if a function fails. */
  #resolveArguments(task: Task): Arguments {
    return task.compute?.(this.#context.lazyContext) ?? task;
  }

  #serializeLinks({ link, linkError }: Links) {
    const each = (links: readonly Canvas[]) =>
      links.length > 0 ? links.map((callback) => this.#serialize(callback)) : null;
    return { link: each(link), errback: each(linkError) };
  }
}

/** Counts the results of a part of a header for which the body of the chord waits. */
function countResults(canvas: Canvas): number {
  const last = findLastTask(canvas);
  if (last.kind === 'task') return 1;
  return last.tasks.reduce((sum, task) => sum + countResults(task), 0);
}

/** Serializes results as Celery's `GroupResult.save`, without parents. */
function serializeResults(groupId: string, nodes: readonly ResultId[]): string | null {
  if (nodes.every((node) => node.nodes === undefined)) return null;
  return pythonJson({ result: toTuple({ id: groupId, nodes }) });
}

function toTuple({ id, nodes }: ResultId): unknown {
  return [[id, null], nodes?.map(toTuple) ?? null];
}

/**
 * Adds the header that marks scheduled tasks to the body of a chord: Celery's chord passes the headers of its call on
 * to its body, although a worker publishes the body. Only the first step of a chain has the header.
 */
function markScheduled(canvas: Canvas): Canvas {
  const mark = (task: Task): Task => {
    const headers = { ...task.options.headers, [BEAT_TASK]: true };
    return { ...task, options: { ...task.options, headers } };
  };
  return eachStart(canvas, mark, true);
}

function groupOptions({ groupId, chord, groupIndex }: CanvasPosition): Record<string, unknown> {
  return {
    ...(groupId !== undefined && { group_id: groupId }),
    ...(chord && { chord }),
    ...(groupIndex !== undefined && { group_index: groupIndex }),
  };
}

function serializeComposite(
  kind: 'chain' | 'group' | 'chord',
  kwargs: SerializedSignature['kwargs'],
  options: SerializedSignature['options'] = {},
): SerializedSignature {
  return { task: `celery.${kind}`, args: [], kwargs, options, subtask_type: kind, immutable: false };
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

function serializeOption(key: keyof MessageOptions, value: unknown, timezone: string): Record<string, unknown> {
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
      const policy = Object.entries(value as Record<string, unknown>).map(([name, part]) => [snakeCase(name), part]);
      return { retry_policy: Object.fromEntries(policy) as unknown };
    }
    default:
      return { [snakeCase(key)]: value };
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
