import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { parseAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { connect } from '../../../../src/drivers/sql/postgresql/connection.ts';
import type { Connection } from '../../../../src/drivers/sql/dialect.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { done, failure, fakePostgres, READY } from '../../../support/fake-postgres.ts';
import { settle } from '../../../support/settle.ts';

const open: Connection[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

interface Options {
  readonly timeout?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

async function login(
  { url }: { url: string },
  { timeout = 5_000, clock = systemClock, signal = new AbortController().signal }: Options = {},
) {
  const address = parseAddress(url);
  const connection = await connect({ address, name: 'beat-test', timeout, clock }, signal);
  open.push(connection);
  return connection;
}

const ASK = { text: 'SELECT 1', values: [] };

test('postgresql connection: the server limits a statement to less time than the client', async () => {
  await using server = await fakePostgres();
  await login(server, { timeout: 1_001 });
  expect(server.events).toEqual([
    'connection',
    'SET statement_timeout = 801; SET lock_timeout = 801; ' +
      'SET idle_in_transaction_session_timeout = 801; ' +
      "SET default_transaction_isolation = 'read committed'; SET enable_bitmapscan = off; " +
      "SELECT set_config('synchronous_commit', 'on', false) " +
      "WHERE current_setting('synchronous_commit') = 'off'",
  ]);
});

test('postgresql connection: ignores the signal of connect after it is open', async () => {
  await using server = await fakePostgres();
  const opening = new AbortController();
  const connection = await login(server, { signal: opening.signal });
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
  opening.abort();
  await connection.run(ASK);
  expect(connection.usable).toBe(true);
});

test('postgresql connection: an abort ends a login that the server does not answer', async () => {
  await using server = await fakePostgres({ query: () => null });
  const opening = new AbortController();
  const failed = expect(login(server, { signal: opening.signal })).rejects.toThrow();
  await vi.waitFor(() => expect(server.events).toHaveLength(2));
  opening.abort();
  await failed;
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
});

test('postgresql connection: a login that the server does not answer in time fails', async () => {
  await using server = await fakePostgres({ login: null });
  await expect(login(server, { timeout: 100 })).rejects.toThrow('timeout');
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
});

test('postgresql connection: an aborted signal opens no connection', async () => {
  await using server = await fakePostgres();
  await expect(login(server, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(server.events).toEqual([]);
});

test('postgresql connection: run returns the number of changed rows, and an error leaves the connection usable', async () => {
  await using server = await fakePostgres({
    query: (text) => (text === 'bad' ? Buffer.concat([failure('42601'), READY]) : done(3)),
  });
  const connection = await login(server);
  expect(await connection.run(ASK)).toEqual({ rows: [], changes: 3 });
  await expect(connection.run({ text: 'bad', values: [] })).rejects.toThrow('no');
  expect(connection.usable).toBe(true);
});

test('postgresql connection: is not usable after a statement that the server does not answer', async () => {
  await using server = await fakePostgres({ query: (text) => (text === 'slow' ? null : done(0)) });
  const connection = await login(server, { timeout: 200 });
  await expect(connection.run({ text: 'slow', values: [] })).rejects.toThrow(/timeout/);
  expect(connection.usable).toBe(false);
});

test('postgresql connection: close ends the session, and leaves no timer', async () => {
  await using server = await fakePostgres();
  const sleeps: { ms: number; signal: AbortSignal }[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      sleeps.push({ ms, signal });
      return systemClock.sleep(ms, signal);
    },
  };
  const connection = await login(server, { clock });
  await connection.close();
  expect(connection.usable).toBe(false);
  await vi.waitFor(() => expect(server.events.slice(-2)).toEqual(['quit', 'close']));
  expect(sleeps.map(({ ms, signal }) => [ms, signal.aborted])).toEqual([[300, true]]);
});

test('postgresql connection: is cut if the server does not close it in 300 ms', async () => {
  await using server = await fakePostgres({ closesPolitely: false });
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const connection = await login(server, { clock });
  let isClosed = false;
  const closed = connection.close().then(() => (isClosed = true));
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('quit'));
  clock.advance(299);
  await settle();
  expect(isClosed).toBe(false);
  clock.advance(1);
  await closed;
});

test('postgresql connection: is tried without TLS if the server has none or its rules deny it', async () => {
  await using plain = await fakePostgres();
  await login({ url: plain.url.replace('disable', 'prefer') });
  expect(plain.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using insisting = await fakePostgres({ login: failure('28000') });
  await expect(login({ url: insisting.url.replace('disable', 'allow') })).rejects.toThrow(
    'does not support SSL',
  );
  expect(insisting.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using denying = await fakePostgres({ login: failure('28P01') });
  await expect(login({ url: denying.url.replace('disable', 'allow') })).rejects.toThrow('no');
  expect(denying.events.filter((event) => event === 'connection')).toHaveLength(1);
});

test('postgresql connection: is closed after the server denied the login', async () => {
  await using server = await fakePostgres({ login: failure('28P01') });
  await expect(login(server)).rejects.toThrow('no');
  await vi.waitFor(() => expect(server.events).toEqual(['connection', 'close']));
});

test('postgresql connection: is closed when the server rejects the settings of the session', async () => {
  await using server = await fakePostgres({
    query: () => Buffer.concat([failure('42501'), READY]),
  });
  await expect(login(server)).rejects.toThrow('no');
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  expect(server.events).toHaveLength(3);
});

test('postgresql connection: is not usable once the server has closed it', async () => {
  await using server = await fakePostgres();
  const connection = await login(server);
  server.closeConnection();
  await vi.waitFor(() => expect(connection.usable).toBe(false));
  await settle();
  expect(connection.usable).toBe(false);
});
