import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Consumer } from '../../src/broker/consumer.ts';
import { openConsumer } from '../../src/drivers/open-consumer.ts';
import { openStore } from '../../src/drivers/open-store.ts';
import { Folder } from '../support/folder.ts';
import { consumerContract, type TestQueues } from './consumer.contract.ts';
import { forwardableClock, storeOptions } from './test-store.ts';

/** A consumer that renews leases every 10 s is dead after a minute. Milliseconds. */
const LEASE = 60_000;

async function openQueues(url: string, more: Partial<TestQueues> = {}): Promise<TestQueues> {
  const clock = forwardableClock();
  const options = storeOptions(url, { clock });
  const store = await openStore(options);
  const consumers: Consumer[] = [];
  return {
    async open(...from) {
      const consumer = await openConsumer(options.broker, { ...options, from, prefetch: 10 });
      consumers.push(consumer);
      return consumer;
    },
    publish: async (messages) => void (await store.broker.publish(messages)),
    async kill(consumer) {
      await consumer.close();
      clock.forward(LEASE);
    },
    async close() {
      for (const consumer of consumers) await consumer.close();
      await store.close();
    },
    ...more,
  };
}

consumerContract('memory', () => openQueues(`memory://${randomUUID()}`));

consumerContract('sqlite', async () => {
  const folder = new Folder();
  const path = `${folder.path}/beat.sqlite`;
  const queues = await openQueues(`sqla+sqlite:///${path}`);
  return {
    ...queues,
    async publishGarbage(name) {
      await (await queues.open(name)).receive(AbortSignal.abort());
      await queues.publish([]);
      using db = new DatabaseSync(path);
      db.prepare('INSERT INTO kombu_queue (name) VALUES (?)').run(name);
      db.exec(
        `INSERT INTO kombu_message (visible, timestamp, payload, version, queue_id)
         SELECT 1, NULL, 'not JSON', 1, id FROM kombu_queue`,
      );
    },
    async close() {
      await queues.close();
      folder[Symbol.dispose]();
    },
  };
});
