import { describe, expect, test } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';
import { sqlFaults } from './sql-faults.contract.ts';
import { sqlFencing } from './sql-fencing.contract.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql', () => {
  sqlFaults('postgresql', () => PostgresServer.start());
  sqlFencing('postgresql', () => PostgresServer.start());

  test('postgresql: a follower stays connected after 256 MB of notifications', async () => {
    await using server = await PostgresServer.start();
    await using cleanup = new AsyncDisposableStack();
    const store = openSqlStore(storeOptions(server.url()));
    cleanup.defer(() => store.close());
    const { lock } = store;
    const { signal } = new AbortController();
    const listeners = () =>
      server.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'beat-notifications'`);
    await lock.waitForRelease(signal);
    const before = await listeners();
    expect(before).toHaveLength(1);
    // More than 256 MB, the most that is read as one answer.
    await server.query(
      `SELECT count(pg_notify('beat_released', i || repeat('x', 7900)))
       FROM generate_series(1, 36000) AS i`,
    );
    await lock.acquire();
    const released = lock.waitForRelease(signal);
    await server.query(`SELECT pg_notify('beat_released', 'beat')`);
    await released;
    expect(await listeners()).toEqual(before);
  });
});
