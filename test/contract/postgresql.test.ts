import { afterAll, beforeAll, describe } from 'vitest';
import { openSqlStore } from '../../src/sql/store.ts';
import type { Store } from '../../src/store.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { brokerContract } from './broker.contract.ts';
import { ledgerContract } from './ledger.contract.ts';
import { lockContract } from './lock.contract.ts';
import { outboxContract, type StatePlace } from './outbox.contract.ts';
import { storeOptions } from './place.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());

  const placeAt = (url: () => string) => async (): Promise<StatePlace> => {
    await server.empty();
    const stores: Store[] = [];
    return {
      open: async (options) => {
        const store = openSqlStore(storeOptions(url(), options));
        stores.push(store);
        return store;
      },
      queued: async (queue) => (await server.payloads(queue)).map(read),
      expireLock: async () => {
        await server.inside.query('UPDATE beat_lock SET expires_at = 0');
      },
      empty: () => server.empty(),
      damageRecord: async (entry) => {
        const damage = `UPDATE beat_record SET record = '{"spec":' WHERE entry = $1`;
        await server.inside.query(damage, [entry]);
      },
      close: async () => {
        await Promise.all(stores.map((store) => store.close()));
      },
    };
  };

  const overTcp = placeAt(() => server.url());
  const overSocket = placeAt(() => server.socketUrl());
  lockContract('postgresql, TCP', overTcp);
  lockContract('postgresql, unix socket', overSocket);
  ledgerContract('postgresql, TCP', overTcp);
  brokerContract('postgresql, TCP', overTcp);
  brokerContract('postgresql, unix socket', overSocket);
  outboxContract('postgresql, TCP', overTcp);
});

function read(payload: string): { taskId: string; body: string } {
  const { properties, body } = JSON.parse(payload) as {
    properties: { correlation_id: string };
    body: string;
  };
  return { taskId: properties.correlation_id, body: Buffer.from(body, 'base64').toString() };
}
