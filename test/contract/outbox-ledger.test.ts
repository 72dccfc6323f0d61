import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { openMemoryStore } from '../../src/memory/store.ts';
import { openPlaces } from '../../src/open-store.ts';
import type { LedgerRecord } from '../../src/ledger/ledger.ts';
import type { Store } from '../../src/store.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { ledgerContract } from './ledger.contract.ts';
import type { Place, QueuedMessage } from './place.ts';
import { forwardableClock, storeOptions } from './place.ts';

/** Opens stores whose broker and state are two places, and closes them all. */
function elsewhere(brokerUrl: string, stateUrl: string, clock = forwardableClock()) {
  const options = storeOptions(brokerUrl, { stateUrl, clock });
  const stores: Store[] = [];
  return {
    open: async (more: Parameters<Place['open']>[0] = {}) => {
      const store = await openPlaces({ ...options, ...more });
      stores.push(store);
      return store;
    },
    expireLock: async () => clock.forward(options.lockTtl),
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

async function inMemory(): Promise<Place> {
  const [broker, state] = [randomUUID(), randomUUID()].map((name) => `memory://${name}`);
  const [queues, records] = [broker!, state!].map((url) => openMemoryStore(storeOptions(url)));
  return {
    ...elsewhere(broker!, state!),
    queued: async (queue) =>
      queues!.broker.messages
        .filter((message) => message.destination.queue === queue)
        .map(({ taskId, body }) => ({ taskId, body: body.toString() })),
    empty: async () => records!.ledger.empty(),
    async damageRecord(entry) {
      const expected = (await records!.ledger.load()).get(entry)!;
      const change = { entry, expected, record: {} as LedgerRecord, messages: [] };
      await records!.ledger.commit(await records!.ledger.beginTerm(), [change]);
    },
  };
}

ledgerContract('outbox in memory, broker in another', inMemory);

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis', () => {
  let broker: RedisServer;
  let state: RedisServer;

  beforeAll(async () => {
    [broker, state] = await Promise.all([RedisServer.start(), RedisServer.start()]);
  });
  afterAll(async () => {
    await Promise.all([broker.stop(), state.stop()]);
  });

  ledgerContract('outbox in Redis, broker in another', async () => {
    await Promise.all([broker.flush(), state.flush()]);
    return {
      ...elsewhere(broker.url(), state.url()),
      queued: async (queue) => (await broker.client.lrange(queue, 0, -1)).reverse().map(read),
      empty: () => state.flush(),
      damageRecord: async (entry) => {
        await state.client.hset('beat:records', entry, '{"spec":');
      },
    };
  });
});

function read(envelope: string): QueuedMessage {
  const { headers, body } = JSON.parse(envelope) as { headers: { id: string }; body: string };
  return { taskId: headers.id, body: Buffer.from(body, 'base64').toString() };
}
