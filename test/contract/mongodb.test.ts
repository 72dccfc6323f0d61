import { afterAll, beforeAll, describe } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { openMongoStore } from '../../src/drivers/mongodb/store.ts';
import { MongoServer, requireMongodb, type Topology } from '../support/mongodb.ts';
import { brokerContract } from './broker.contract.ts';
import { commandLogContract } from './command-log.contract.ts';
import { exchangeContract } from './exchange.contract.ts';
import { historyContract } from './history.contract.ts';
import { instancesContract } from './instances.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { outboxContract, type TestStateStore } from './outbox.contract.ts';
import { stateContract } from './state.contract.ts';
import { stateRemovalContract } from './state-removal.contract.ts';
import { storedEntriesContract } from './stored-entries.contract.ts';
import { storeOptions } from './test-store.ts';

const missing = requireMongodb();
/** The server searches all documents for each write, and is slow beside other tests. */
const PATIENT = { ...DEFAULT_TRANSPORT, socketTimeout: 60_000 };
const TITLES: Readonly<Record<Topology, string>> = { single: 'a single server', set: 'a replica set' };

describe.skipIf(missing).for(['single', 'set'] as const)(missing || 'mongodb, %s', (topology) => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await MongoServer.start(topology);
  });
  afterAll(() => server.stop());

  const openTestStore = async (): Promise<TestStateStore> => {
    await server.empty();
    const stores: StateStore[] = [];
    return {
      url: server.url(),
      open: async (options) => {
        const store = openMongoStore(storeOptions(server.url(), { transport: PATIENT, ...options }));
        stores.push(store);
        return store;
      },
      queued: async (queue) => {
        const order = { priority: 1, _id: 1 } as const;
        const found = await server.db.collection('messages').find({ queue }, { sort: order }).toArray();
        return found.map(({ payload }) => read(String(payload)));
      },
      expireLock: async () => {
        await server.db
          .collection('beat.leader')
          .updateOne({ until: { $exists: true } }, { $set: { until: new Date(0) } });
      },
      empty: () => server.empty(),
      damageState: async (entry) => {
        const filter = { state: { $type: 'string' }, _id: entry as never };
        await server.db.collection('beat.entries').updateOne(filter, { $set: { state: '{"spec":' } });
      },
      close: async () => {
        await Promise.all(stores.map((store) => store.close()));
      },
    };
  };

  const name = `mongodb, ${TITLES[topology]}`;
  lockContract(name, openTestStore);
  ledgerContract(name, openTestStore);
  brokerContract(name, openTestStore);
  exchangeContract(name, openTestStore);
  outboxContract(name, openTestStore, 5_000);
  commandLogContract(name, openTestStore);
  historyContract(name, openTestStore);
  storedEntriesContract(name, openTestStore);
  instancesContract(name, openTestStore);
  stateRemovalContract(name, openTestStore);
  stateContract(name, openTestStore);
});

function read(payload: string): { taskId: string; body: string } {
  const { properties, body } = JSON.parse(payload) as { properties: { correlation_id: string }; body: string };
  return { taskId: properties.correlation_id, body: Buffer.from(body, 'base64').toString() };
}
