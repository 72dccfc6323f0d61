import { afterAll, beforeAll, describe } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { brokerContract } from './broker.contract.ts';
import { commandLogContract } from './command-log.contract.ts';
import { exchangeContract } from './exchange.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { historyContract } from './history.contract.ts';
import { outboxContract, type TestStateStore } from './outbox.contract.ts';
import { stateContract } from './state.contract.ts';
import { storeOptions } from './test-store.ts';
import { stateRemovalContract } from './state-removal.contract.ts';
import { instancesContract } from './instances.contract.ts';
import { storedEntriesContract } from './stored-entries.contract.ts';

/** The contracts of lock, ledger and broker, on one kind of database server. */
export function sqlContract(name: string, start: () => Promise<SqlServer>): void {
  onServer(name, start, (overTcp, overSocket) => {
    lockContract(`${name}, TCP`, overTcp);
    lockContract(`${name}, unix socket`, overSocket);
    ledgerContract(`${name}, TCP`, overTcp);
    brokerContract(`${name}, TCP`, overTcp);
    brokerContract(`${name}, unix socket`, overSocket);
    exchangeContract(`${name}, TCP`, overTcp);
  });
}

/** The contracts of a state store whose broker is another. */
export function sqlStateContract(name: string, start: () => Promise<SqlServer>): void {
  onServer(name, start, (overTcp) => {
    outboxContract(`${name}, TCP`, overTcp);
    commandLogContract(`${name}, TCP`, overTcp);
    historyContract(`${name}, TCP`, overTcp);
    storedEntriesContract(`${name}, TCP`, overTcp);
    instancesContract(`${name}, TCP`, overTcp);
    stateRemovalContract(`${name}, TCP`, overTcp);
    stateContract(`${name}, TCP`, overTcp);
  });
}

type MakeTestStore = () => Promise<TestStateStore>;

function onServer(
  name: string,
  start: () => Promise<SqlServer>,
  contracts: (overTcp: MakeTestStore, overSocket: MakeTestStore) => void,
): void {
  describe(name, () => {
    let server: SqlServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    const placeAt = (url: () => string) => async (): Promise<TestStateStore> => {
      await server.clear();
      const stores: Store[] = [];
      return {
        url: url(),
        open: async (options) => {
          const store = openSqlStore(storeOptions(url(), options));
          stores.push(store);
          return store;
        },
        queued: async (queue) => (await server.readPayloads(queue)).map(read),
        expireLock: async () => {
          await server.query('UPDATE beat_lock SET expires_at = 0');
        },
        empty: () => server.empty(),
        damageState: async (entry) => {
          await server.query(`UPDATE beat_entry SET state = '{"spec":' WHERE entry = ?`, entry);
        },
        close: async () => {
          await Promise.all(stores.map((store) => store.close()));
        },
      };
    };

    contracts(
      placeAt(() => server.url()),
      placeAt(() => server.socketUrl()),
    );
  });
}

function read(payload: string): { taskId: string; body: string } {
  const { properties, body } = JSON.parse(payload) as { properties: { correlation_id: string }; body: string };
  return { taskId: properties.correlation_id, body: Buffer.from(body, 'base64').toString() };
}
