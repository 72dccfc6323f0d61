import { describe, expect, test } from 'vitest';
import type { Broker } from '../../src/contracts/broker/broker.ts';
import { brokerChecks, type QueuedMessage, type TestedBroker } from '../../src/drivers/broker-checks.ts';
import { makeMessage } from '../support/message.ts';

/** A `TestStore`, as far as a broker has one. */
export interface TestBroker extends Omit<TestedBroker, 'broker'> {
  open(): Promise<{ readonly broker: Broker }>;
  queued(queue: string): Promise<readonly QueuedMessage[]>;
}

/** Every sentence of `Broker`, run against one implementation. */
export function brokerContract(name: string, openTestStore: () => Promise<TestBroker>): void {
  describe(`broker: ${name}`, () => {
    const open = async (): Promise<TestedBroker> => {
      const store = await openTestStore();
      const { broker } = await store.open();
      const queued = async (queue: string) => (await store.queued(queue)).map(({ taskId, body }) => ({ taskId, body }));
      const { unusualQueue, manyMessages } = store;
      return { broker, queued, close: () => store.close(), unusualQueue, manyMessages };
    };
    for (const check of brokerChecks(open)) {
      test(check.name, async () => {
        await expect(check.run()).resolves.toBeUndefined();
      });
    }

    test('an event without subscribers causes no failure and is in no queue', async () => {
      const store = await openTestStore();
      try {
        const { broker } = await store.open();
        const destination = {
          queue: null,
          exchange: 'celeryev',
          exchangeType: 'topic' as const,
          routingKey: 'task.sent',
        };
        await broker.announce([makeMessage('a', { destination }), makeMessage('b', { destination })]);
        await broker.announce([]);
        await broker.publish([makeMessage('c')]);
        const ids = async (queue: string) => (await store.queued(queue)).map(({ taskId }) => taskId);
        expect(await ids('celery')).toEqual(['c']);
        expect(await ids('celeryev')).toEqual([]);
        expect(await ids('task.sent')).toEqual([]);
      } finally {
        await store.close();
      }
    });
  });
}
