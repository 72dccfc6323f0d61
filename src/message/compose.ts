import type { Canvas } from '../canvas/canvas.ts';
import { unfold } from '../canvas/unfold.ts';
import type { Entry, Occurrence } from '../entry.ts';
import type { Routed, Router } from '../routing/router.ts';
import { checkArguments } from './arguments.ts';
import { pythonIso, utcIso } from './iso.ts';
import type { Arguments, Message, MessageOptions } from './message.ts';
import { encodeBody, preparePayload, type Encoding, type Payload } from './payload.ts';
import { bodyOfProtocol1 } from './protocol-1.ts';
import type { Run } from './run.ts';
import { partIdOf, taskIdOf } from './task-id.ts';

/** Who sends: what the messages of one beat have in common. */
export interface Producer {
  /** IANA name: the zone that `eta` and `expires` are written in. */
  readonly timezone: string;
  readonly router: Router;
  /** How bodies are written where neither entry nor route says otherwise. */
  readonly encoding: Encoding;
  /** Celery's message protocol: 2, or 1 for workers of Celery 3. */
  readonly protocol: 1 | 2;
  /** Part of every task id: two apps with entries of one name must not share ids. */
  readonly keyPrefix: string;
  /** `gen<pid>@<host>`, as Celery's producers call themselves. */
  readonly origin: string;
  /** A UUID; Celery's producers name their reply queue by it. */
  readonly replyTo: string;
}

/**
 * What an occurrence sends at `sentAt` (epoch milliseconds). Relative times count from `sentAt`, as in
 * Celery.
 */
export function compose(occurrence: Occurrence, sentAt: number, producer: Producer): Run {
  const { entry, dueAt } = occurrence;
  if (entry.canvas) return composeCanvas(entry.canvas, occurrence, sentAt, producer);
  const taskId = entry.options.taskId ?? taskIdOf(entry.name, dueAt, producer.keyPrefix);
  const { payload, routed } = entry.compute
    ? prepare(computed(occurrence, taskId), producer)
    : preparedFor(entry, producer);
  const { task } = entry;
  const message = taskMessage({ occurrence, task, taskId, payload, routed }, sentAt, producer);
  return { taskId, messages: [message], chords: [] };
}

function composeCanvas(
  canvas: Canvas,
  occurrence: Occurrence,
  sentAt: number,
  producer: Producer,
): Run {
  const { entry, dueAt } = occurrence;
  const own = taskIdOf(entry.name, dueAt, producer.keyPrefix);
  const { id, calls, chords } = unfold(canvas, own, {
    context: { entry: entry.name, dueAt: new Date(dueAt), taskId: own },
    timezone: producer.timezone,
    replyTo: producer.replyTo,
    idAt: (place) => partIdOf(own, place),
  });
  const messages = calls.map(({ given, id: taskId, options, embed, ...call }) => {
    const { task, shown } = call.task;
    const prepared = prepare({ task, ...given, options }, producer, { embed, shown });
    return taskMessage({ occurrence, task, taskId, ...prepared }, sentAt, producer);
  });
  return { taskId: id, messages, chords };
}

/** One task of an occurrence, ready to be written down. */
interface Call {
  readonly occurrence: Occurrence;
  readonly task: string;
  readonly taskId: string;
  readonly payload: Payload;
  readonly routed: Routed;
}

function taskMessage(call: Call, sentAt: number, producer: Producer): Message {
  const { taskId, occurrence } = call;
  const { entry, dueAt } = occurrence;
  const { destination, options } = call.routed;
  const { payload } = call;
  const eta = etaOf(options, sentAt);
  const expires = expiresOf(occurrence, options.expires, sentAt);
  const priority = options.priority ?? 0;

  // In Celery's order. Grown by assignment where a key may be absent: an object built with `...` in its
  // middle costs the composer five times, and the encoder half as much again.
  const headers: Record<string, unknown> = {
    lang: 'js',
    task: call.task,
    id: taskId,
    shadow: options.shadow ?? null,
    eta: eta === null ? null : pythonIso(eta, producer.timezone),
    expires: expires === null ? null : pythonIso(expires, producer.timezone),
    group: options.groupId ?? null,
    group_index: options.groupIndex ?? null,
    retries: options.retries ?? 0,
    timelimit: [options.timeLimit ?? null, options.softTimeLimit ?? null],
    root_id: options.rootId ?? taskId,
    parent_id: options.parentId ?? null,
    argsrepr: options.argsrepr ?? payload.argsrepr,
    kwargsrepr: options.kwargsrepr ?? payload.kwargsrepr,
    origin: options.origin ?? producer.origin,
  };
  if (options.ignoreResult !== undefined) headers.ignore_result = options.ignoreResult;
  headers.replaced_task_nesting = options.replacedTaskNesting ?? 0;
  headers.stamped_headers = options.stamps ? Object.keys(options.stamps) : null;
  headers.stamps = options.stamps ?? {};

  const first = producer.protocol === 1;
  const encoded = first
    ? encodeBody(bodyOfProtocol1(headers, payload.content), payload.encoding)
    : payload.encoded;
  const own: Record<string, unknown> = first ? {} : headers;
  own.periodic_task_name = entry.name;
  own.beat_due_at = utcIso(dueAt);
  const all = options.headers ? { ...own, ...options.headers } : own;
  if (encoded.compression !== null) all.compression = encoded.compression;

  const properties = {
    correlation_id: taskId,
    reply_to: options.replyTo ?? producer.replyTo,
    delivery_mode: options.deliveryMode ?? 2,
    ...(expires !== null && { expiration: timeToLive(expires - sentAt) }),
    priority,
  };
  return {
    taskId,
    destination,
    priority,
    headers: all,
    properties: options.properties ? { ...properties, ...options.properties } : properties,
    body: Buffer.from(encoded.body, 'latin1'),
    contentType: encoded.contentType,
    contentEncoding: encoded.contentEncoding,
  };
}

/** A countdown of zero is none, so that an `eta` beside it counts; as in Celery. */
function etaOf({ countdown, eta }: MessageOptions, sentAt: number): number | null {
  return countdown ? sentAt + countdown : (eta ?? null);
}

function expiresOf(
  { entry, dueAt }: Occurrence,
  expires: MessageOptions['expires'],
  sentAt: number,
): number | null {
  if (expires === undefined) return null;
  if (expires === 'next') return entry.schedule.next(new Date(dueAt))?.getTime() ?? null;
  return 'after' in expires ? sentAt + expires.after : expires.at;
}

/** What expired before it was sent is sent all the same, with no time left: a worker revokes it. */
function timeToLive(ms: number): string {
  return String(Math.max(0, Math.floor(ms)));
}

/** What never changes for an entry: worked out at its first run and kept as long as the entry. */
interface Prepared {
  readonly payload: Payload;
  readonly routed: Routed;
}

const prepared = new WeakMap<Producer, WeakMap<Entry, Prepared>>();

function preparedFor(entry: Entry, producer: Producer): Prepared {
  let ours = prepared.get(producer);
  if (!ours) prepared.set(producer, (ours = new WeakMap()));
  let found = ours.get(entry);
  if (!found) ours.set(entry, (found = prepare(entry, producer)));
  return found;
}

/** The entry with the arguments of this occurrence. Throws when they cannot be worked out. */
function computed({ entry, dueAt }: Occurrence, taskId: string): Entry {
  const context = { entry: entry.name, dueAt: new Date(dueAt), taskId };
  return { ...entry, ...entry.compute?.(context) };
}

/** Throws a `ConfigError` for arguments that cannot be sent. */
function prepare(
  { task, args, kwargs, options }: Arguments & Pick<Entry, 'task' | 'options'>,
  { router, encoding }: Producer,
  canvas?: Parameters<typeof preparePayload>[2],
): Prepared {
  const routed = router.route(task, args, kwargs, options);
  const { serializer = encoding.serializer, compression = encoding.compression } = routed.options;
  // At load what is computed was not known yet, nor what a route says.
  checkArguments(args, kwargs, serializer);
  const payload = preparePayload({ args, kwargs }, { serializer, compression }, canvas);
  return { payload, routed };
}
