import { EventEmitter } from 'node:events';
import type { Channel } from 'amqplib';
import { expect, test, vi } from 'vitest';
import { declareExchange, declareQueue } from '../../../../src/drivers/amqp/declare.ts';
import { bindToDelays, declareDelays } from '../../../../src/drivers/amqp/delayed.ts';
import { createExchange, createQueue } from '../../../../src/celery/routing/queue.ts';
import { makeBoundQueue } from '../../../support/exchanges.ts';

/** A channel that records every call, and rejects those for which `rejects` is true. */
function channelOf(rejects: (method: string, name: unknown) => boolean = () => false) {
  const calls: unknown[][] = [];
  const noting =
    (method: string) =>
    async (name: unknown, ...rest: unknown[]) => {
      calls.push([method, name, ...rest]);
      if (rejects(method, name)) throw new Error(`no ${method}`);
    };
  const methods = ['assertExchange', 'assertQueue', 'bindQueue', 'bindExchange'];
  const noted = Object.fromEntries(methods.map((method) => [method, noting(method)]));
  return { channel: Object.assign(new EventEmitter(), noted) as unknown as Channel, calls };
}

const durable = { durable: true, autoDelete: false, arguments: {} };

test('amqp declare: an exchange is declared with its options, except the anonymous one and one with noDeclare', async () => {
  const { channel, calls } = channelOf();
  await declareExchange(channel, { ...createExchange('jobs', 'topic'), durable: false });
  await declareExchange(channel, createExchange('', 'direct'));
  await declareExchange(channel, { ...createExchange('theirs', 'topic'), noDeclare: true });
  expect(calls).toEqual([['assertExchange', 'jobs', 'topic', { ...durable, durable: false }]]);
});

test('amqp declare: a queue is declared after its exchanges and before its bindings', async () => {
  const { channel, calls } = channelOf();
  await declareQueue(channel, makeBoundQueue('work', 'jobs', 'direct', 'key', ['more']));
  expect(calls).toEqual([
    ['assertExchange', 'jobs', 'direct', durable],
    ['assertExchange', 'more', 'direct', durable],
    ['assertQueue', 'work', durable],
    ['bindQueue', 'work', 'jobs', 'key', {}],
    ['bindQueue', 'work', 'more', 'key', {}],
  ]);
});

test('amqp declare: a queue is not bound to the anonymous exchange', async () => {
  const { channel, calls } = channelOf();
  await declareQueue(channel, createQueue('work', createExchange('', 'direct'), 'work'));
  expect(calls).toEqual([['assertQueue', 'work', durable]]);
});

test.each(['broadcast', 'exclusive'] as const)(
  'amqp declare: only the exchanges of a queue that is %s are declared',
  async (kind) => {
    const { channel, calls } = channelOf();
    const queue = createQueue('work', createExchange('jobs', 'fanout'), '');
    await declareQueue(channel, { ...queue, [kind]: true });
    expect(calls).toEqual([['assertExchange', 'jobs', 'fanout', durable]]);
  },
);

test('amqp declare: nothing is declared for a queue with noDeclare', async () => {
  const { channel, calls } = channelOf();
  const queue = createQueue('work', createExchange('jobs', 'fanout'), '');
  await declareQueue(channel, { ...queue, noDeclare: true });
  expect(calls).toEqual([]);
});

test('amqp delays: 28 queues form a chain, each with half the time to live of the previous queue', async () => {
  const { channel, calls } = channelOf();
  const part = vi.fn();
  await declareDelays(channel, 'quorum', part);
  expect(part).toHaveBeenCalledTimes(28);
  expect(calls).toHaveLength(1 + 28 * 4);
  expect(calls.slice(0, 5)).toEqual([
    ['assertExchange', 'celery_delayed_delivery', 'topic', { durable: true }],
    ['assertExchange', 'celery_delayed_0', 'topic', { durable: true }],
    [
      'assertQueue',
      'celery_delayed_0',
      {
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          'x-overflow': 'reject-publish',
          'x-message-ttl': 1_000,
          'x-dead-letter-exchange': 'celery_delayed_delivery',
          'x-dead-letter-strategy': 'at-least-once',
        },
      },
    ],
    ['bindQueue', 'celery_delayed_0', 'celery_delayed_0', `${'*.'.repeat(27)}1.#`],
    ['bindExchange', 'celery_delayed_delivery', 'celery_delayed_0', `${'*.'.repeat(27)}0.#`],
  ]);
  expect(calls.slice(-3)).toMatchObject([
    [
      ...['assertQueue', 'celery_delayed_27'],
      { arguments: { 'x-message-ttl': 2 ** 27 * 1_000, 'x-dead-letter-exchange': 'celery_delayed_26' } },
    ],
    ['bindQueue', 'celery_delayed_27', 'celery_delayed_27', '1.#'],
    ['bindExchange', 'celery_delayed_26', 'celery_delayed_27', '0.#'],
  ]);
});

test('amqp delays: classic delay queues have no dead-letter strategy', async () => {
  const { channel, calls } = channelOf();
  await declareDelays(channel, 'classic', () => {});
  expect(JSON.stringify(calls)).not.toContain('x-dead-letter-strategy');
});

test.each([
  ['assertExchange', 'celery_delayed_delivery'],
  ['assertExchange', 'celery_delayed_0'],
  ['assertQueue', 'celery_delayed_3'],
  ['bindQueue', 'celery_delayed_27'],
  ['bindExchange', 'celery_delayed_delivery'],
])('amqp delays: rejects if %s of %s fails', async (method, name) => {
  const { channel } = channelOf((...call) => call[0] === method && call[1] === name);
  await expect(declareDelays(channel, 'classic', () => {})).rejects.toThrow(`no ${method}`);
});

test('amqp delays: a queue is bound by its keys after any digits, except through direct exchanges', async () => {
  const { channel, calls } = channelOf();
  await bindToDelays(channel, makeBoundQueue('work', 'jobs', 'topic', 'mail.*'));
  await bindToDelays(channel, makeBoundQueue('end', 'tail', 'topic', 'a.#'));
  await bindToDelays(channel, makeBoundQueue('all', 'news', 'topic', '#'));
  await bindToDelays(channel, makeBoundQueue('plain', 'plain', 'direct', 'plain'));
  expect(calls).toEqual([
    ['bindExchange', 'jobs', 'celery_delayed_delivery', '#.mail.*'],
    ['bindQueue', 'work', 'jobs', '#.mail.*'],
    ['bindExchange', 'tail', 'celery_delayed_delivery', '#.a.#'],
    ['bindQueue', 'end', 'tail', '#.a.#'],
    ['bindExchange', 'news', 'celery_delayed_delivery', '#'],
    ['bindQueue', 'all', 'news', '#'],
  ]);
});
