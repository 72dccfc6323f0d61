import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/contracts/broker/broker.ts';
import { makeMessage } from '../support/message.ts';
import type { QueuedMessage } from './test-store.ts';

/** A `Place`, as far as a broker has one. */
export interface TestBroker {
  open(): Promise<{ readonly broker: Broker }>;
  queued(queue: string): Promise<readonly QueuedMessage[]>;
  close(): Promise<void>;
}

/** Every sentence of `Broker`, run against one implementation. */
export function brokerContract(name: string, openTestStore: () => Promise<TestBroker>): void {
  describe(`broker: ${name}`, () => {
    let testStore: TestBroker;
    let broker: Broker;

    const taskIds = async (queue: string) => (await testStore.queued(queue)).map((m) => m.taskId);

    beforeEach(async () => {
      testStore = await openTestStore();
      broker = (await testStore.open()).broker;
    });
    afterEach(() => testStore.close());

    test('a published message is in its own queue and in no other queue', async () => {
      await broker.publish([makeMessage('a', { queue: 'red' }), makeMessage('b', { queue: 'blue' })]);
      expect(await taskIds('red')).toEqual(['a']);
      expect(await taskIds('blue')).toEqual(['b']);
      expect(await taskIds('celery')).toEqual([]);
    });

    test('messages of one queue are consumed in the order in which they were published', async () => {
      await broker.publish(['a', 'b', 'c'].map((id) => makeMessage(id)));
      await broker.publish(['d', 'e'].map((id) => makeMessage(id)));
      expect(await taskIds('celery')).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    test('an empty batch is published', async () => {
      await broker.publish([]);
      expect(await taskIds('celery')).toEqual([]);
    });

    test('an event without subscribers causes no failure and is in no queue', async () => {
      const destination = {
        queue: null,
        exchange: 'celeryev',
        exchangeType: 'topic' as const,
        routingKey: 'task.sent',
      };
      await broker.announce([makeMessage('a', { destination }), makeMessage('b', { destination })]);
      await broker.announce([]);
      await broker.publish([makeMessage('c')]);
      expect(await taskIds('celery')).toEqual(['c']);
      expect(await taskIds('celeryev')).toEqual([]);
      expect(await taskIds('task.sent')).toEqual([]);
    });

    test('a body of any characters arrives unchanged', async () => {
      const body = '[["芹菜 🥬 \\"q\\" \u2028 \\u0000"], {"ключ": null}, {}]';
      await broker.publish([makeMessage('a', { body })]);
      expect((await testStore.queued('celery')).map((m) => m.body)).toEqual([body]);
    });

    test('a queue may have any name', async () => {
      const queue = 'очередь {1}: a/b *';
      await broker.publish([makeMessage('a', { queue })]);
      expect(await taskIds(queue)).toEqual(['a']);
    });

    test('thousands of messages for several queues are published in one batch', async () => {
      const ids = Array.from({ length: 9_000 }, (_, i) => `task-${i}`);
      await broker.publish(ids.map((id, i) => makeMessage(id, { queue: `queue-${i % 3}` })));
      for (const n of [0, 1, 2]) {
        expect(await taskIds(`queue-${n}`)).toEqual(ids.filter((_, i) => i % 3 === n));
      }
    });
  });
}
