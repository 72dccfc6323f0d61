import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/util/system-clock.ts';
import { LiveSettings } from '../../src/leader/reload/live-settings.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { openMemoryStore } from '../../src/drivers/memory/store.ts';
import { storeOptions as storeOptionsOf } from '../../src/config/service/store-options.ts';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { makeFirstRun, makeNextRun, type RunChange } from '../support/change.ts';
import { toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { ledgerContract } from './ledger.contract.ts';
import type { QueuedMessage } from '../../src/drivers/broker-checks.ts';
import { forwardableClock, storeOptions, type TestStore } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

/** Opens pairs of a broker and a state store, and closes them all. */
function elsewhere(brokerUrl: string, stateUrl: string, clock = forwardableClock()) {
  const options = storeOptions(brokerUrl, { state: parseEndpoint(stateUrl), clock });
  const stores: Store[] = [];
  return {
    open: async (more: Parameters<TestStore['open']>[0] = {}) => {
      const store = await openStore({ ...options, ...more });
      stores.push(store);
      return store;
    },
    expireLock: async () => clock.forward(options.lockTtl),
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

async function inMemory(): Promise<TestStore> {
  const [broker, state] = [randomUUID(), randomUUID()].map((name) => `memory://${name}`);
  const [queues, records] = [broker!, state!].map((url) => openMemoryStore(storeOptions(url)));
  return {
    ...elsewhere(broker!, state!),
    queued: async (queue) =>
      queues!.broker.messages
        .filter((message) => message.destination.queue === queue)
        .map(({ taskId, body }) => ({ taskId, body: body.toString() })),
    empty: async () => records!.ledger.empty(),
    async damageState(entry) {
      const expected = (await records!.ledger.load()).get(entry)!;
      const change = { entry, before: expected, after: {} as EntryState, messages: [] };
      await records!.ledger.commit({ token: await records!.ledger.beginTerm(), changes: [change] });
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
      damageState: async (entry) => {
        await state.client.hset('beat:states', entry, '{"spec":');
      },
    };
  });
});

test.skipIf(missing)('redis outbox: pending messages follow the missed policy of their entry', async () => {
  const server = await RedisServer.start();
  const entry = { task: 'tasks.add', schedule: 60 };
  const settings = resolveSettings({
    brokerUrl: server.url(2),
    stateUrl: server.url(3),
    beatSchedule: { each: { ...entry, missed: 'all' }, newest: entry },
  });
  const { findPolicies } = new LiveSettings(settings, { origin: 'test', replyTo: 'test' });
  const store = await openStore({ ...storeOptionsOf(settings, systemClock), findPolicies });
  const destination = toExchange('jobs', 'direct', 'unbound');
  const lost = (change: RunChange, id: string): RunChange => {
    return { ...change, messages: [makeMessage(id, { destination })] };
  };
  try {
    const term = await store.ledger.beginTerm();
    const first = ['each', 'newest'].map((name) => lost(makeFirstRun(name), `${name} 1`));
    const second = first.map((change) => lost(makeNextRun(change, change.entry), `${change.entry} 2`));
    await store.ledger.commit({ token: term, changes: first });
    await store.ledger.commit({ token: term, changes: second });
    const inside = server.client.duplicate({ db: 3 });
    const kept = await inside.hvals('beat:outbox');
    inside.disconnect();
    const ids = kept.map((text) => (JSON.parse(text) as { taskId: string }).taskId).toSorted();
    expect(ids).toEqual(['each 1', 'each 2', 'newest 2']);
  } finally {
    await store.close();
    await server.stop();
  }
});

function read(envelope: string): QueuedMessage {
  const { headers, body } = JSON.parse(envelope) as { headers: { id: string }; body: string };
  return { taskId: headers.id, body: Buffer.from(body, 'base64').toString() };
}
