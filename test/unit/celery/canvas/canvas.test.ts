import { describe, expect, test } from 'vitest';
import { chain, chord, group, lazy, sig, type SignatureConfig } from '../../../../src/index.ts';
import { type Canvas, measureCanvas, sequence } from '../../../../src/celery/canvas/canvas.ts';
import type { EntryConfig } from '../../../../src/generated/config-types.ts';
import { entryOf } from '../../config/support.ts';
import { composeTask, DUE_AT } from './support.ts';

const a = sig('a', [1]);
const b = sig('b');
const c = sig('c');

/** What each message calls, and with what options of interest. */
function sent(task: SignatureConfig, entry: Partial<EntryConfig> = {}) {
  return composeTask(task, { entry }).messages.map(({ headers, destination, body, priority }) => ({
    task: headers['task'] as string,
    queue: destination.routingKey,
    priority,
    eta: headers['eta'] !== null,
    expires: headers['expires'],
    args: (JSON.parse(body.toString()) as [unknown])[0],
    embed: (JSON.parse(body.toString()) as [unknown, unknown, Embed])[2],
  }));
}

interface Embed {
  readonly callbacks: readonly SerializedSignature[] | null;
  readonly errbacks: readonly SerializedSignature[] | null;
  readonly chain: readonly SerializedSignature[] | null;
  readonly chord: SerializedSignature | null;
}

interface SerializedSignature {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly options: Record<string, unknown>;
  readonly immutable: boolean;
}

describe('a chain', () => {
  test('of 10,000 tasks is normalized without recursion', () => {
    const canvas = entryOf({ task: c }).canvas!;
    const steps = Array.from({ length: 10_000 }, () => canvas) as [Canvas, ...Canvas[]];
    expect(sequence(steps)).toMatchObject({ kind: 'chain', rest: { length: 9_999 } });
  });

  test('within a chain is flattened, and its options and callbacks apply to its tasks', () => {
    const inner = chain([b, c], { options: { queue: 'inner', link: 'done', linkError: 'failed' } });
    const [message] = sent(chain(a, inner));
    const [last, second] = message!.embed.chain!;
    expect(second).toMatchObject({ task: 'b', options: { queue: 'inner' } });
    expect(second!.options['link']).toBeUndefined();
    expect(second!.options['link_error']).toMatchObject([{ task: 'failed' }]);
    expect(last).toMatchObject({ task: 'c', options: { link: [{ task: 'done' }] } });
    expect(last!.options['queue']).toBeUndefined();
  });

  test('applies its options to its first task, its fixed id to its last', () => {
    const [message, ...others] = sent(chain(a, b), {
      options: { queue: 'q', countdown: 5, priority: 3, taskId: 'fixed' },
    });
    expect(others).toEqual([]);
    expect(message).toMatchObject({ task: 'a', queue: 'q', eta: true, priority: 3 });
    expect(message!.embed.chain).toMatchObject([{ task: 'b', options: { task_id: 'fixed' } }]);
    expect(composeTask(chain(a, b), { entry: { options: { taskId: 'fixed' } } }).taskId).toBe('fixed');
  });

  test('that is immutable prepends no arguments', () => {
    const [message] = sent(chain(a, chain([b, c], { immutable: true })));
    expect(message!.embed.chain).toMatchObject([
      { task: 'c', immutable: false },
      { task: 'b', immutable: true },
    ]);
  });
});

describe('a group', () => {
  test('within a group is flattened at its position', () => {
    const names = sent(group(a, group(b, c), sig('d'))).map(({ task }) => task);
    expect(names).toEqual(['a', 'b', 'c', 'd']);
  });

  test('as a callback is called with all its tasks', () => {
    const [message] = sent(sig('a', [], { options: { link: group(b, c) } }));
    expect(message!.embed.callbacks).toMatchObject([
      { task: 'celery.group', kwargs: { tasks: [{ task: 'b' }, { task: 'c' }] } },
    ]);
  });

  test('applies its options and errbacks to each of its tasks', () => {
    const options = { queue: 'q', expires: 'next', linkError: 'failed' } as const;
    const messages = sent(group(a, chain(b, c)), { options });
    expect(messages).toMatchObject([
      { task: 'a', queue: 'q', expires: '2026-11-21T05:45:00+00:00' },
      { task: 'b', queue: 'q', expires: '2026-11-21T05:45:00+00:00' },
    ]);
    for (const { embed } of messages) expect(embed.errbacks).toMatchObject([{ task: 'failed' }]);
  });
});

describe('a chord', () => {
  test('applies its options to header and body, but its delay and its instant of expiry only to the header', () => {
    const options = { queue: 'q', countdown: 5, expires: 'next', link: 'done' } as const;
    const [message] = sent(chord([a], b), { options });
    expect(message).toMatchObject({ queue: 'q', eta: true, expires: '2026-11-21T05:45:00+00:00' });
    const body = message!.embed.chord!;
    expect(body.options).toMatchObject({ queue: 'q', link: [{ task: 'done' }] });
    expect(body.options).not.toHaveProperty('countdown');
    expect(body.options).not.toHaveProperty('expires');
  });

  test('applies a duration as expiry to the body from its call', () => {
    const [message] = sent(chord([a], b), { options: { expires: '1m' } });
    expect(message!.embed.chord!.options['expires']).toBe(60);
  });

  test('registers the nesting of its results with the result backend', () => {
    const { chords } = composeTask(chord([chain(a, group(b, c)), a], c));
    expect(chords).toHaveLength(1);
    const { groupId, size, results } = chords[0]!;
    expect(size).toBe(3);
    const id = expect.any(String) as unknown;
    const task = [[id, null], null];
    expect(JSON.parse(results!)).toEqual({
      result: [
        [groupId, null],
        [
          [
            [id, null],
            [task, task],
          ],
          task,
        ],
      ],
    });
  });
});

describe('a signature', () => {
  test('that a worker publishes has options named as in apply_async', () => {
    const later = sig('b', [], {
      options: {
        countdown: '90s',
        eta: '2030-01-01T12:00:00',
        timeLimit: '2m',
        softTimeLimit: 1.5,
        ignoreResult: true,
        deliveryMode: 'transient',
        routingKey: 'k',
        retryPolicy: { maxRetries: 3, intervalStart: 0.5 },
        stamps: { team: 'x' },
        serializer: 'json',
      },
    });
    const [message] = sent(chain(a, later), { timezone: 'Europe/Oslo' });
    const { task_id, reply_to, ...options } = message!.embed.chain![0]!.options;
    expect([task_id, reply_to]).toEqual([expect.any(String), expect.any(String)]);
    expect(options).toEqual({
      countdown: 90,
      eta: '2030-01-01T11:00:00+00:00',
      time_limit: 120,
      soft_time_limit: 1.5,
      ignore_result: true,
      delivery_mode: 1,
      routing_key: 'k',
      retry_policy: { max_retries: 3, interval_start: 0.5 },
      team: 'x',
      stamped_headers: ['team'],
      serializer: 'json',
    });
  });

  test("has the entry's arguments prepended if it is among the first tasks", () => {
    const entry = { args: [0], kwargs: { x: 1 } };
    expect(sent(chain(a, b), entry)).toMatchObject([{ args: [0, 1] }]);
    expect(sent(group(a, c), entry)).toMatchObject([{ args: [0, 1] }, { args: [0] }]);
    expect(sent(chord([a], b), entry)[0]!.embed.chord!.args).toEqual([]);
  });

  test('may have arguments that are computed for each occurrence', () => {
    const at = lazy(({ dueAt }) => dueAt.getTime());
    const [message] = sent(chain(sig('a', [at]), sig('b', ['{{dueAt | yyyy}}'])), {
      args: lazy(({ entry }) => [entry]),
    });
    expect(message!.args).toEqual(['e', DUE_AT]);
    expect(message!.embed.chain![0]!.args).toEqual(['2026']);
  });

  test('is not published with invalid computed arguments', () => {
    const wrong = lazy(() => [new Map()]);
    expect(() => sent(chain(a, sig('b', wrong)))).toThrow('args[0]: JSON cannot encode a Map');
  });

  test('is shown by its name in logs, and a canvas by the names of its tasks', () => {
    const title = (task: SignatureConfig) => entryOf({ task }, { resultBackend: 'redis://localhost' }).task;
    expect(title(a)).toBe('a');
    expect(title(chain(a, b, a))).toBe('chain(a, b)');
    expect(title(group(a, b, c, sig('d')))).toBe('group(a, b, c, …)');
    expect(title(chord([a, chain(b, c)], 'd'))).toBe('chord(a, chain(b, c), d)');
  });

  test('may be a callback of any task with options', () => {
    const [message] = sent('plain', { args: [1], options: { link: ['x', chain(a, b)] } });
    expect(message!.embed.callbacks).toMatchObject([
      { task: 'x', options: {} },
      { task: 'celery.chain', options: {} },
    ]);
  });
});

const pair = group(sig('a'), sig('b'));
const results = { resultBackend: 'redis://localhost' };

test.for<[what: string, task: SignatureConfig]>([
  ['chain of 50 tasks', chain(Array.from({ length: 50 }, () => sig('a', [1])))],
  ['group of 50 tasks with arguments', group(Array.from({ length: 50 }, () => sig('a', ['x'.repeat(1_000)])))],
  ['chain of five groups', chain(pair, pair, pair, pair, pair)],
  ['chord whose body is a chain', chord([sig('a'), chain(sig('a'), pair)], chain(sig('b'), sig('c')))],
  ['task with callbacks', sig('a', [], { options: { link: [chain(sig('b'), sig('c'))] } })],
])('canvas: the measured size of a %s is about that of its messages', ([, task]) => {
  const { canvas } = entryOf({ task, schedule: 60 }, results);
  const actual = composeTask(task).messages.reduce((bytes, { body }) => bytes + body.length, 0);
  const ratio = measureCanvas(canvas!) / actual;
  expect(ratio).toBeGreaterThan(0.9);
  expect(ratio).toBeLessThan(8);
});
