import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chain, chord, group, sig, type SignatureConfig } from '../../../../src/index.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { composeTask } from './support.ts';

/** What Celery's canvas left in Redis. */
interface Case {
  readonly name: string;
  readonly python: string;
  readonly signature: Record<string, unknown>;
  readonly redis: Record<string, { readonly type: string; readonly items: unknown }>;
}

interface Envelope {
  readonly body: string;
  readonly headers: Record<string, unknown>;
  readonly properties: Record<string, unknown>;
}

/** A case of `canvas-nested.jsonl`: what Celery's canvas would have sent. */
interface NestedCase extends Omit<Case, 'redis'> {
  readonly messages: readonly {
    readonly headers: Record<string, unknown>;
    readonly reply_to: string;
    readonly queue: string;
    readonly body: unknown;
    readonly priority?: number | null;
  }[];
  readonly keys: Record<string, string>;
}

const read = (file: string) =>
  readFileSync(new URL(`../../../conformance/${file}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

const cases = read('canvas.jsonl') as Case[];
const nested = read('canvas-nested.jsonl') as NestedCase[];

/** What Celery 5.7's beat sent for an entry with the canvas. */
interface ScheduledCase extends Case {
  readonly entry?: Record<string, unknown>;
}

const scheduled = read('canvas-5.7.jsonl') as ScheduledCase[];

const add = (...args: number[]) => sig('tasks.add', args);
const mul = (...args: number[]) => sig('tasks.mul', args);
const xsum = sig('tasks.xsum');
const failed = sig('tasks.xsum', [[]], { immutable: true });

/** The Python text of each case, in TypeScript. */
const IN_TYPESCRIPT: Record<string, SignatureConfig> = {
  'chain-2': chain(add(1, 2), mul(3)),
  'chain-3-options': chain(
    add(1, 2),
    sig('tasks.mul', [3], { options: { queue: 'slow', priority: 3 } }),
    sig('tasks.add', [5, 6], { immutable: true }),
  ),
  'group-3': group([0, 1, 2].map((i) => add(i, i))),
  'group-queue': group(
    sig('tasks.add', [1, 1], { options: { queue: 'a' } }),
    sig('tasks.add', [2, 2], { options: { queue: 'b' } }),
  ),
  chord: chord(
    [0, 1, 2].map((i) => add(i, i)),
    xsum,
  ),
  'chord-body-options': chord([add(1, 1), mul(2, 2)], sig('tasks.xsum', [], { options: { queue: 'sum' } })),
  'chain-of-group-then-task': chain(group(add(1, 1), add(2, 2)), xsum),
  'chain-task-group-task': chain(add(1, 1), group(add(2), mul(3)), xsum),
  'chord-of-chains': chord([chain(add(1, 1), mul(2)), chain(add(3, 3), mul(4))], xsum),
  link: sig('tasks.add', [1, 2], { options: { link: mul(3), linkError: failed } }),
  'chain-link-error': chain([add(1, 2), mul(3)], { options: { linkError: failed } }),
};

/**
 * Celery 5.6 gives a group that is a chord's body the id of the header, so that two groups share it; later
 * ones do not. In beat its tasks bear their own group's id.
 */
const ON_PURPOSE = 'chain-of-groups';

describe('a canvas', () => {
  test('is compared with every recorded case', () => {
    expect(cases.map(({ name }) => name)).toEqual(Object.keys(IN_TYPESCRIPT));
  });

  test.for(cases)("publishes the messages of Celery, from Celery's serialization: $name", (recorded) => {
    expect(oursFor(recorded.signature as unknown as SignatureConfig)).toBe(celerysFor(recorded));
  });

  test.for(cases)('publishes the messages of Celery, from TypeScript: $name', (recorded) => {
    expect(oursFor(IN_TYPESCRIPT[recorded.name]!)).toBe(celerysFor(recorded));
  });

  test.for(nested.filter(({ name }) => name !== ON_PURPOSE))('sends the same for more: $name', (recorded) => {
    const { messages, chords } = composeTask(recorded.signature as unknown as SignatureConfig);
    const ours = messages.map(({ headers, properties, destination, body, priority }) => ({
      headers: withoutMark(withoutOurOwn(headers)),
      reply_to: properties.reply_to,
      queue: destination.routingKey,
      body: JSON.parse(unmarked(body.toString())) as unknown,
      priority: priority || null,
    }));
    const keys = chords.flatMap(({ groupId, size, results }) => [
      [`celery-taskset-meta-${groupId}.s`, String(size)],
      ...(results === null ? [] : [[`celery-taskset-meta-${groupId}`, results]]),
    ]);
    const theirs = recorded.messages.map(({ headers, priority = null, ...message }) => ({
      headers: adapted(headers),
      ...message,
      priority,
    }));
    const celerys = { messages: theirs, keys: recorded.keys };
    const sent = { messages: ours, keys: Object.fromEntries(keys) as unknown };
    expect(anonymous(tidied(sent))).toBe(anonymous(tidied(celerys)));
  });
});

/** Canvases that Celery 5.7 writes otherwise than 5.6 and beat do: of these the marked tasks are compared. */
const WRITTEN_OTHERWISE = new Set([
  ...['chain-task-group-task', 'chain-task-group-two', 'chain-of-groups', 'chord-then-task'],
  // Celery has the mark replace the headers of the signature; beat sends both.
  ...['task-then-chord', 'task-options'],
]);

describe('a canvas of an entry', () => {
  test.for(scheduled)('sends what the beat of Celery 5.7 sends, with its mark: $name', (recorded) => {
    const task = recorded.signature as unknown as SignatureConfig;
    const { messages, chords } = composeTask(task, { entry: recorded.entry ?? {} });
    const ours = messages.map(({ headers, body, destination }) => ({
      headers: withoutOurOwn(headers),
      queue: destination.routingKey,
      body: tidied(JSON.parse(body.toString())),
    }));
    const lists = Object.entries(recorded.redis).filter(
      ([key, { type }]) => type === 'list' && !key.startsWith('_kombu'),
    );
    const celerys = lists.flatMap(([key, { items }]) =>
      (items as Envelope[]).toReversed().map(({ headers, body }) => ({
        headers: adapted(headers),
        // Behind the queue stands its priority.
        queue: key.split('\x06\x16')[0],
        body: tidied(handedOn(JSON.parse(Buffer.from(body, 'base64').toString()))),
      })),
    );
    if (WRITTEN_OTHERWISE.has(recorded.name)) expect(marksIn(ours)).toEqual(marksIn(celerys));
    else expect(anonymous(ours)).toBe(anonymous(celerys));
    const sizes = Object.keys(recorded.redis).filter((key) => key.endsWith('.s'));
    expect(chords).toHaveLength(sizes.length);
  });

  test('has the mark in its first tasks and in the bodies of chords, as in Celery', () => {
    const markScheduled = (task: SignatureConfig) => [...new Set(marksIn(composeTask(task).messages.map(parsed)))];
    expect(markScheduled(chain('a', 'b'))).toEqual(['a']);
    expect(markScheduled(group('a', chain('b', 'c')))).toEqual(['a', 'b']);
    expect(markScheduled(chord(['a'], chain('b', 'c')))).toEqual(['a', 'b']);
    expect(markScheduled(chord(['a'], group('b', 'c')))).toEqual(['a', 'b', 'c']);
    expect(markScheduled(chord(['a'], chord(['b'], 'c')))).toEqual(['a', 'b', 'c']);
    expect(markScheduled(chain('a', chord(['b'], 'c')))).toEqual(['a']);
    expect(markScheduled(sig('a', [], { options: { link: 'b', linkError: 'c' } }))).toEqual(['a']);
  });

  test('preserves the headers of the body of a chord beside the mark', () => {
    const body = sig('b', [], { options: { headers: { tenant: 'acme' } } });
    const [message] = composeTask(chord(['a'], body)).messages;
    const [, , embed] = JSON.parse(message!.body.toString()) as [unknown, unknown, Embedded];
    expect(embed.chord.options.headers).toEqual({ tenant: 'acme', celery_beat_task: true });
  });
});

interface Embedded {
  readonly chord: { readonly options: { readonly headers: unknown } };
}

function parsed({ headers, body }: Message): unknown {
  return { headers, body: JSON.parse(body.toString()) as unknown };
}

/** The names of all tasks that bear the mark, in messages and in the signatures in them. */
function marksIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(marksIn);
  if (typeof value !== 'object' || value === null) return [];
  const { body, headers, options, task } = value as Record<string, Record<string, unknown>>;
  const given = (body ? headers : options?.['headers']) as Record<string, unknown> | undefined;
  const inner = Object.values(value).flatMap(marksIn);
  if (given?.['celery_beat_task'] !== true) return inner;
  return [(given['task'] ?? task) as string, ...inner];
}

/** By queue, oldest first; then what the result backend must know. */
function oursFor(task: SignatureConfig): string {
  const { messages, chords } = composeTask(task, { resultBackend: 'redis://' });
  const lists = Map.groupBy(messages, ({ destination }) => destination.routingKey);
  const sent = [...lists].toSorted(byName).map(([queue, list]) => [queue, list.map(envelopeOf)]);
  const sizes = chords.map(({ groupId, size }) => [`celery-taskset-meta-${groupId}.s`, String(size)]);
  return anonymous([sent, sizes]);
}

function celerysFor({ redis }: Case): string {
  const keys = Object.entries(redis).toSorted(byName);
  const lists = keys.filter(([key, { type }]) => type === 'list' && !key.startsWith('_kombu'));
  const sent = lists.map(([queue, { items }]) => [
    queue,
    (items as Envelope[]).toReversed().map(({ body, headers, properties }) => {
      const { correlation_id, reply_to, delivery_mode, priority } = properties;
      const rest = { correlation_id, reply_to, delivery_mode, priority };
      const text = Buffer.from(body, 'base64').toString();
      return { headers: adapted(headers), properties: rest, body: text };
    }),
  ]);
  const sizes = keys.filter(([, { type }]) => type === 'string');
  return anonymous([sent, sizes.map(([key, { items }]) => [key, items])]);
}

function envelopeOf({ headers, properties, body }: Message) {
  return { headers: withoutMark(withoutOurOwn(headers)), properties, body: unmarked(body.toString()) };
}

/**
 * Without what has no meaning: the order of options, those that are null or empty, and two that Celery leaves behind.
 * The id of a chain within is null in Celery 5.6; later ones, as beat, have that of its last task there.
 */
function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value !== 'object' || value === null) return value;
  const map = value as Record<string, unknown>;
  const entries = Object.entries(map).map(([key, inner]): [string, unknown] =>
    key === 'options' ? [key, tidiedOptions(inner as object, map['task'])] : [key, tidied(inner)],
  );
  return Object.fromEntries(entries);
}

function tidiedOptions(options: object, task: unknown): unknown {
  const said = Object.entries(options).filter(
    ([key, value]) =>
      value !== null &&
      !(Array.isArray(value) && value.length === 0) &&
      !['add_to_parent', 'immutable'].includes(key) &&
      !(key === 'task_id' && task === 'celery.chain'),
  );
  return Object.fromEntries(said.toSorted(byName).map(([key, value]) => [key, tidied(value)]));
}

/** Celery's headers, but for what differs by nature. */
function adapted(headers: Record<string, unknown>): Record<string, unknown> {
  // `ignore_result: false` would override the task's own setting.
  const rest = { ...headers };
  delete rest['ignore_result'];
  const eta = rest['eta'] === null ? null : 'in a while';
  return { ...rest, lang: 'js', origin: 'gen1@here', eta };
}

function withoutOurOwn(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { periodic_task_name, beat_due_at, ...rest } = headers;
  expect(periodic_task_name).toBeTypeOf('string');
  expect(beat_due_at).toBeTypeOf('string');
  return { ...rest, eta: rest['eta'] === null ? null : 'in a while' };
}

/** Celery 5.6 does not mark what its beat sends. */
function withoutMark({ celery_beat_task: mark, ...rest }: Record<string, unknown>) {
  expect(mark).toBe(true);
  return rest;
}

/** The same for the body of a message, in which the bodies of chords are. */
function unmarked(body: string): string {
  return body.replaceAll('"headers": {"celery_beat_task": true}, ', '').replaceAll(', "celery_beat_task": true', '');
}

/** Signatures with the headers of chains, groups and chords at the tasks that Celery hands them on to. */
function handedOn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(handedOn);
  if (typeof value !== 'object' || value === null) return value;
  const map = value as Record<string, unknown>;
  const { headers, ...options } = (map['options'] ?? {}) as Record<string, unknown>;
  const { tasks = [] } = (map['kwargs'] ?? {}) as { tasks?: Record<string, object>[] };
  if (headers === undefined || tasks.length === 0) {
    return Object.fromEntries(Object.entries(map).map(([key, inner]) => [key, handedOn(inner)]));
  }
  const reached = map['task'] === 'celery.chain' ? tasks.slice(0, 1) : tasks;
  const given = tasks.map((task) =>
    reached.includes(task) ? { ...task, options: { ...task['options'], headers } } : task,
  );
  return handedOn({ ...map, options, kwargs: { tasks: given } });
}

/** As text, so that the order of keys counts; every id by the order in which ids first appear. */
function anonymous(value: unknown): string {
  const numbers = new Map<string, number>();
  return JSON.stringify(value, null, 1).replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
    return `id ${numbers.get(id)}`;
  });
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
