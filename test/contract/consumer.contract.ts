import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Consumer, Delivery } from '../../src/contracts/broker/consumer.ts';
import type { Message } from '../../src/celery/message/message.ts';
import { makeMessage } from '../support/message.ts';

/** A broker that is empty at first. */
export interface TestQueues {
  /** Opens a consumer of these queues, as another process would. */
  open(...from: readonly string[]): Promise<Consumer>;
  publish(messages: readonly Message[]): Promise<void>;
  /** Puts a text that is not a message of kombu into a queue; absent if any text is a message. */
  readonly publishGarbage?: (queue: string) => Promise<void>;
  /** Makes the broker treat a consumer as dead that has not closed its deliveries. */
  kill(consumer: Consumer): Promise<void>;
  close(): Promise<void>;
}

const NEVER = new AbortController().signal;

/** Every sentence of `Consumer`, run against one implementation. */
export function consumerContract(name: string, openQueues: () => Promise<TestQueues>): void {
  describe(`consumer: ${name}`, () => {
    let queues: TestQueues;

    const receive = async (consumer: Consumer): Promise<Delivery> => (await consumer.receive(NEVER))!;
    const bodyOf = ({ message }: Delivery) => message?.body.toString();
    const publish = (...ids: readonly string[]) =>
      queues.publish(ids.map((id) => makeMessage(id, { queue: 'red', body: id })));

    beforeEach(async () => {
      queues = await openQueues();
    });
    afterEach(() => queues.close());

    test('a message arrives with its queue, headers, body and content type', async () => {
      const message = makeMessage('a', { queue: 'red', body: '[[], {"ключ": "🥬"}, {}]' });
      const consumer = await queues.open('red');
      await queues.publish([message]);
      const delivery = await receive(consumer);
      expect(delivery.queue).toBe('red');
      expect(bodyOf(delivery)).toBe('[[], {"ключ": "🥬"}, {}]');
      expect(delivery.message).toMatchObject({
        headers: message.headers,
        contentType: 'application/json',
        contentEncoding: 'utf-8',
      });
    });

    test('messages of one queue arrive in their order', async () => {
      await publish('a', 'b', 'c');
      const consumer = await queues.open('red');
      const bodies: unknown[] = [];
      while (bodies.length < 3) {
        const delivery = await receive(consumer);
        bodies.push(bodyOf(delivery));
        await delivery.ack();
      }
      expect(bodies).toEqual(['a', 'b', 'c']);
    });

    test('a consumer of several queues receives from each of its queues and from no other queue', async () => {
      await queues.publish(['red', 'green', 'blue'].map((queue) => makeMessage(queue, { queue, body: queue })));
      const consumer = await queues.open('red', 'blue');
      const found = [bodyOf(await receive(consumer)), bodyOf(await receive(consumer))];
      expect(found.sort()).toEqual(['blue', 'red']);
      const other = await queues.open('green');
      expect(bodyOf(await receive(other))).toBe('green');
    });

    test('two consumers of one queue never receive the same message', async () => {
      const ids = Array.from({ length: 40 }, (_, i) => `task-${i}`);
      await publish(...ids);
      const consumers = [await queues.open('red'), await queues.open('red')];
      const found: unknown[] = [];
      const consume = async (consumer: Consumer) => {
        while (found.length < ids.length) {
          const stop = new AbortController();
          stops.add(stop);
          const delivery = await consumer.receive(stop.signal);
          if (!delivery) return;
          found.push(bodyOf(delivery));
          await delivery.ack();
          if (found.length === ids.length) for (const each of stops) each.abort();
        }
      };
      const stops = new Set<AbortController>();
      await Promise.all(consumers.map(consume));
      expect(found.sort()).toEqual(ids.sort());
    });

    test('an acknowledged message is not delivered again after the death of its consumer', async () => {
      await publish('a');
      const consumer = await queues.open('red');
      expect(await (await receive(consumer)).ack()).toBe(true);
      await queues.kill(consumer);
      await publish('b');
      expect(bodyOf(await receive(await queues.open('red')))).toBe('b');
    });

    test('a message whose consumer died is delivered again', async () => {
      await publish('a');
      const consumer = await queues.open('red');
      const first = await receive(consumer);
      await queues.kill(consumer);
      const second = await receive(await queues.open('red'));
      expect(bodyOf(second)).toBe(bodyOf(first));
      expect(await second.ack()).toBe(true);
    });

    test('a requeued message is delivered again, once', async () => {
      await publish('a', 'b');
      const consumer = await queues.open('red');
      await (await receive(consumer)).requeue();
      await queues.kill(consumer);
      const other = await queues.open('red');
      const found = [await receive(other), await receive(other)];
      expect(found.map(bodyOf).sort()).toEqual(['a', 'b']);
      for (const delivery of found) expect(await delivery.ack()).toBe(true);
    });

    test('receiving ends without a message when its signal aborts', async () => {
      const consumer = await queues.open('red');
      const stop = new AbortController();
      const received = consumer.receive(stop.signal);
      stop.abort();
      expect(await received).toBeNull();
      expect(await consumer.receive(stop.signal)).toBeNull();
    });

    test('a consumer that has waited for messages leaves no listener on the signal of its caller', async () => {
      const consumer = await queues.open('red');
      const { signal } = new AbortController();
      for (const id of ['a', 'b', 'c']) {
        const received = consumer.receive(signal);
        await publish(id);
        expect(await (await received)!.ack()).toBe(true);
      }
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('a text that is not a message of kombu is delivered without content', async (context) => {
      const { publishGarbage } = queues;
      if (!publishGarbage) return context.skip('any text is a message');
      await publishGarbage('red');
      const delivery = await receive(await queues.open('red'));
      expect(delivery.message).toBeNull();
      expect(await delivery.ack()).toBe(true);
    });
  });
}
