import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/drivers/memory/clock.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('postgres');

describe.skipIf(missing)(missing || 'postgresql notifications', () => {
  let server: PostgresServer;
  let sender: StateStore;
  let leader: StateStore;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  beforeEach(async () => {
    await server.empty();
    sender = openSqlStore(storeOptions(server.url()));
    // Creates the tables.
    await sender.ledger.beginTerm();
    // Its clock stands still, so that polling does not end a wait.
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    leader = openSqlStore(storeOptions(server.url(), { clock }));
  });
  afterEach(() => Promise.all([sender.close(), leader.close()]));
  afterAll(() => server.stop());

  /** The connections that listen. */
  const listeners = () =>
    server.query(
      `SELECT pid FROM pg_stat_activity
       WHERE application_name = 'beat-notifications' AND query LIKE 'LISTEN%' AND state = 'idle'`,
    );
  /** A leader that waits for the next command, with an open connection for notifications. */
  const waitForCommand = async () => {
    const { signal } = new AbortController();
    // The new connection counts as a notification.
    await leader.commands.waitForCommand(signal);
    await leader.commands.pending(10);
    return leader.commands.waitForCommand(signal);
  };

  test('postgresql: a command of another process notifies the leader', async () => {
    const waiting = waitForCommand();
    await vi.waitFor(async () => expect(await listeners()).toHaveLength(1));
    await sender.commands.append('{"n":1}');
    await waiting;
    expect(await leader.commands.pending(10)).toMatchObject([{ json: '{"n":1}' }]);
  });

  test('postgresql: a program notifies the leader of the command that it inserted', async () => {
    const waiting = waitForCommand();
    await vi.waitFor(async () => expect(await listeners()).toHaveLength(1));
    await server.query(`INSERT INTO beat_command (prefix, json) VALUES ('beat', '{}')`);
    await server.query(`NOTIFY beat_command, 'beat'`);
    await waiting;
    expect(await leader.commands.pending(10)).toHaveLength(1);
  });

  test('postgresql: commands and releases of other key prefixes do not end a wait', async () => {
    let ended = 0;
    const stop = new AbortController();
    await leader.commands.waitForCommand(stop.signal);
    await leader.lock.waitForRelease(stop.signal);
    await leader.commands.pending(10);
    await leader.lock.acquire();
    const waits = [
      leader.commands.waitForCommand(stop.signal).then(() => (ended += 1)),
      leader.lock.waitForRelease(stop.signal).then(() => (ended += 1)),
    ];
    const other = openSqlStore(storeOptions(server.url(), { keyPrefix: 'other' }));
    await other.commands.append('{}');
    await (await other.lock.acquire())!.release();
    await other.close();
    // PostgreSQL sends notifications in the order of their commits.
    await sender.commands.append('{}');
    await waits[0];
    expect(ended).toBe(1);
    stop.abort();
    await waits[1];
  });

  test('postgresql: releases and commands arrive over one connection', async () => {
    const stop = new AbortController();
    const waits = [leader.lock.waitForRelease(stop.signal), leader.commands.waitForCommand(stop.signal)];
    await Promise.all(waits);
    expect(await listeners()).toHaveLength(1);
  });
});
