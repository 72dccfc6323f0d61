import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../../../src/celery/kombu/envelope.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { Settings } from '../../../../src/config/settings.ts';
import { compose } from '../../../../src/entries/compose/compose.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import { createBindings, type RedisWrites } from '../../../../src/drivers/redis/bindings.ts';
import { keysFor } from '../../../../src/drivers/redis/keys.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';

/** What Celery's own beat left in Redis for one entry. */
interface Case {
  readonly name: string;
  /** In Celery's spelling, as is `entry`. */
  readonly config?: Record<string, unknown>;
  readonly entry: Record<string, unknown> & { readonly options?: Record<string, unknown> };
  readonly redis: Record<string, { readonly type: string; readonly items: readonly unknown[] }>;
}

interface Envelope {
  body: string;
  'content-encoding': string;
  'content-type': string;
  headers: Record<string, unknown>;
  properties: Record<string, unknown>;
}

const COVERED = new Set([
  ...['plain', 'kwargs-unicode', 'long-args', 'queue', 'default-queue', 'priority', 'priority-9'],
  ...['priority-steps', 'global-keyprefix', 'countdown', 'expires', 'timezone', 'limits', 'headers'],
  ...['shadow', 'ignore-result', 'task-id', 'delivery-mode-1'],
  ...['default-queue-exchange', 'routes-glob', 'routes-entry-wins'],
  ...['yaml', 'msgpack', 'zlib', 'gzip-config', 'protocol-1', 'link'],
]);

/**
 * Recorded with Celery 5.7 alone. Properties: those of AMQP, and those that kombu reads for Amazon SQS
 * (MessageGroupId, MessageDeduplicationId, MessageAttributes, DelaySeconds, delay_seconds).
 */
const ONLY_BY_NEWER = ['properties'];

/** Cases that only Python can encode. */
const REFUSED = new Set(['pickle']);

/** Cases in which Celery loses the message or publishes it on a channel: there is no message to compare. */
const TRACELESS = new Set(['exchange', 'fanout']);

const recorded = (file: string) =>
  readFileSync(new URL(`../../../conformance/${file}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);

/** By Celery 5.6, whose beat does not mark its tasks. */
const unmarked = recorded('messages.jsonl');
/** The same entries, by Celery 5.7. */
const cases = recorded('messages-5.7.jsonl');

const TAG = 'the delivery tag';
const DUE_AT = Date.UTC(2026, 10, 21, 5, 44);
const PRODUCER = { keyPrefix: 'beat', origin: 'gen1@here', replyTo: 'the reply queue' };

describe('messages', () => {
  test('cover every recorded case, except for named ones', () => {
    const named = [...COVERED, ...REFUSED, ...TRACELESS];
    const namesOf = (all: readonly Case[]) => all.map(({ name }) => name).toSorted();
    expect(namesOf(unmarked)).toEqual(named.toSorted());
    expect(namesOf(cases)).toEqual([...named, ...ONLY_BY_NEWER].toSorted());
  });

  test.for(
    [
      ...cases.map((recorded) => ({ ...recorded, by: '5.7.0' })),
      ...unmarked.map((recorded) => ({ ...recorded, by: '5.6.2' })),
    ].filter(({ name }) => [...COVERED, ...ONLY_BY_NEWER].includes(name)),
  )('equal those of Celery $by: $name', (recorded) => {
    const settings = settingsOf(recorded);
    const celerys = celerysEnvelope(recorded);
    const sentAt = sentAtOf(recorded, celerys);
    const message = messageFor(settings, sentAt);
    const ours = JSON.parse(encodeEnvelope(message, TAG)) as Envelope;

    // As text, so that the order of keys counts.
    const shown = withoutOurOwn(ours);
    if (recorded.by === '5.6.2') delete shown.headers['celery_beat_task'];
    expect(lines(unpacked(shown))).toBe(lines(unpacked(adapted(celerys, ours, recorded))));

    const written = inRedis(settings, message);
    expect([...written.lists.keys(), ...keysIn(written)].toSorted()).toEqual(keysOf(recorded));
    for (const { key, member } of written.declarations) {
      expect(recorded.redis[key]!.items).toEqual([member]);
    }
  });

  test('are published only on the channels of a fanout exchange, because Celery writes no list for it either', () => {
    const recorded = cases.find(({ name }) => name === 'fanout')!;
    const settings = settingsOf(recorded);
    const written = inRedis(settings, messageFor(settings));
    expect(written.pubSub.map(({ channel }) => channel)).toEqual([...['/0.bcast', '/0.bcast/celery']]);
    expect(written.lists.size).toBe(0);
    // Celery also declares its default queue, which the message does not use.
    expect(keysOf(recorded)).toEqual(['_kombu.binding.celery']);
    expect(keysIn(written)).toEqual([]);
  });

  test('are rejected if no queue is bound, where Celery sends and loses them', () => {
    const recorded = cases.find(({ name }) => name === 'exchange')!;
    const settings = settingsOf(recorded);
    const message = messageFor(settings);
    const { unroutable, lists } = inRedis(settings, message);
    expect(keysOf(recorded)).toEqual(['_kombu.binding.celery']);
    expect(unroutable.map((each) => each.message)).toEqual([message]);
    expect(lists.size).toBe(0);
    const [warning] = settings.warnings;
    expect(warning?.path).toEqual(['beat_schedule', 'exchange', 'options', 'exchange']);
    expect(warning?.message).toMatch(/^no queue in taskQueues is bound to the exchange "media"/);
  });

  test('that only Python can write are rejected with the remedy', () => {
    const refused = () => settingsOf(cases.find(({ name }) => REFUSED.has(name))!);
    expect(refused).toThrow(
      "beat_schedule.pickle.options.serializer: expected 'json', 'yaml' or 'msgpack' (only Python can write " +
        'pickle; workers also accept json if their accept_content contains both), got "pickle"',
    );
  });

  test("have two headers of beat: the entry's name and the nominal instant", () => {
    const [entry] = settingsOf(cases[0]!).entries;
    const occurrence = { entry: entry!, dueAt: DUE_AT + 7 };
    const { messages } = compose(occurrence, DUE_AT + 9_000, {
      ...PRODUCER,
      timezone: 'Asia/Tokyo',
      router: new Router(new Queues()),
      encoding: DEFAULT_ENCODING,
      protocol: 2,
    });
    const { headers } = messages[0]!;
    expect(headers['periodic_task_name']).toBe('plain');
    expect(headers['beat_due_at']).toBe('2026-11-21T05:44:00.007Z');
  });
});

function messageFor(settings: Settings, sentAt = DUE_AT): Message {
  const { messages } = compose({ entry: settings.entries[0]!, dueAt: DUE_AT }, sentAt, {
    ...PRODUCER,
    timezone: settings.timezone,
    encoding: settings.encoding,
    protocol: settings.protocol,
    router: new Router(new Queues(settings.queues), settings.routes),
  });
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

/** What beat writes into a Redis that no worker has bound anything in. */
function inRedis({ transport, queues }: Settings, message: Message): RedisWrites {
  const keys = keysFor('beat', transport, 0);
  return createBindings(keys, new Queues(queues), systemClock).route([message]);
}

function keysIn({ declarations }: RedisWrites): string[] {
  return [...declarations].map(({ key }) => key);
}

/**
 * Without the sets in which kombu 5.7 repeats the bindings of queues that never expire. Only sweeps of bindings
 * look there, and each worker adds the queues that it consumes itself.
 */
function keysOf({ redis }: Case): string[] {
  const isSwept = (key: string) => key.includes('_kombu.binding_permanent.');
  return Object.keys(redis)
    .filter((key) => !isSwept(key))
    .toSorted();
}

function settingsOf({ name, config, entry }: Case): Settings {
  const beatSchedule = { [name]: { schedule: 60, ...entry } };
  const brokerUrl = 'redis://localhost';
  return resolveSettings({ brokerUrl, ...config, beat_schedule: beatSchedule } as BeatConfig);
}

function celerysEnvelope({ redis }: Case): Envelope {
  const lists = Object.values(redis).filter(({ type }) => type === 'list');
  expect(lists).toHaveLength(1);
  expect(lists[0]!.items).toHaveLength(1);
  return lists[0]!.items[0] as Envelope;
}

/**
 * When Celery sent it, computed from its own times to the millisecond. So the times that beat derives from it
 * must be Celery's to the millisecond, in the same zone and spelling.
 */
function sentAtOf({ entry: { options = {} } }: Case, { headers }: Envelope): number {
  const { countdown, expires } = options as { countdown?: number; expires?: number };
  if (countdown !== undefined) return Date.parse(headers['eta'] as string) - countdown * 1000;
  if (expires !== undefined) return Date.parse(headers['expires'] as string) - expires * 1000;
  return DUE_AT;
}

/** Celery's envelope, with what differs by nature taken from ours: each for the reason beside it. */
function adapted(celerys: Envelope, ours: Envelope, { entry, config }: Case): Envelope {
  const { headers, properties } = structuredClone(celerys);
  if (config?.['task_protocol'] === 1) return adaptedProtocol1(celerys, ours);
  headers['lang'] = 'js'; // the language of the producer; no worker looks at it
  headers['origin'] = PRODUCER.origin; // process and host
  properties['reply_to'] = PRODUCER.replyTo; // a UUID of the process
  properties['delivery_tag'] = TAG; // random
  if (entry.options?.['task_id'] === undefined) {
    // Random in Celery, the occurrence's own in beat; everywhere the same one.
    const { id } = ours.headers;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    Object.assign(headers, { id, root_id: id });
    properties['correlation_id'] = id;
  }
  if (entry.options?.['ignore_result'] === undefined && config?.['task_ignore_result'] === undefined) {
    delete headers['ignore_result']; // Celery's `false` would override the task's own setting
  }
  for (const time of ['eta', 'expires']) {
    // JavaScript's clock has milliseconds.
    headers[time] = (headers[time] as string | null)?.replace(/(\.\d{3})\d{3}/, '$1000') ?? null;
  }
  return { ...celerys, headers, properties };
}

/** There the id stands in the body, and little stands in headers. */
function adaptedProtocol1(celerys: Envelope, ours: Envelope): Envelope {
  const text = Buffer.from(celerys.body, 'base64').toString();
  const { id } = JSON.parse(text) as { id: string };
  const own = ours.properties['correlation_id'] as string;
  return {
    ...celerys,
    body: Buffer.from(text.replace(id, own)).toString('base64'),
    properties: { ...celerys.properties, correlation_id: own, reply_to: PRODUCER.replyTo, delivery_tag: TAG },
  };
}

/** No two libraries compress alike: what counts is what comes out. */
function unpacked(envelope: Envelope): Envelope {
  if (envelope.headers['compression'] !== 'application/x-gzip') return envelope;
  return { ...envelope, body: inflateSync(Buffer.from(envelope.body, 'base64')).toString() };
}

function withoutOurOwn(envelope: Envelope): Envelope {
  const { periodic_task_name, beat_due_at, ...headers } = envelope.headers;
  expect(periodic_task_name).toBeTypeOf('string');
  expect(beat_due_at).toBeTypeOf('string');
  return { ...envelope, headers };
}

function lines(envelope: Envelope): string {
  return JSON.stringify(envelope, null, 1);
}
