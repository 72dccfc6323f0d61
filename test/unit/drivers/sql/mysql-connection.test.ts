import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { parseAddress } from '../../../../src/drivers/sql/mysql/address.ts';
import { connect } from '../../../../src/drivers/sql/mysql/connection.ts';
import type { Connection } from '../../../../src/drivers/sql/dialect.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { failure, fakeMysql, ok } from '../../../support/fake-mysql.ts';
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
  { address }: { address: ReturnType<typeof parseAddress> },
  { timeout = 5_000, clock = systemClock, signal = new AbortController().signal }: Options = {},
) {
  const connection = await connect({ address, name: 'beat-test', timeout, clock }, signal);
  open.push(connection);
  return connection;
}

const ASK = { text: 'DO 1', values: [] };

test.each([
  [500, 1, 10],
  [5_000, 4, 10],
  [20_000, 16, 16],
])(
  'mysql connection: with a timeout of %i ms the server limits lock waits to %i s, and idle clients to %i s',
  async (timeout, lock, idle) => {
    await using server = await fakeMysql();
    await login(server, { timeout });
    expect(server.events).toEqual([
      'connection',
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', " +
        `SESSION innodb_lock_wait_timeout = ${lock} ` +
        `/*M!100300 , SESSION idle_transaction_timeout = ${lock} */ ` +
        `/*!50700 , SESSION wait_timeout = ${idle} */`,
      'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    ]);
  },
);

test('mysql connection: ignores the signal of connect after it is open', async () => {
  await using server = await fakeMysql();
  const opening = new AbortController();
  const connection = await login(server, { signal: opening.signal });
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
  opening.abort();
  await connection.run(ASK);
  expect(connection.usable).toBe(true);
});

test('mysql connection: an abort ends a login that the server does not answer', async () => {
  await using server = await fakeMysql({ query: () => null });
  const opening = new AbortController();
  const failed = expect(login(server, { signal: opening.signal })).rejects.toThrow(
    'the store is closed',
  );
  await vi.waitFor(() => expect(server.events).toHaveLength(2));
  opening.abort();
  await failed;
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
});

test('mysql connection: a login that the server does not answer in time fails', async () => {
  await using server = await fakeMysql({ login: null });
  await expect(login(server, { timeout: 100 })).rejects.toThrow('ETIMEDOUT');
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
});

test('mysql connection: an aborted signal opens no connection', async () => {
  await using server = await fakeMysql();
  await expect(login(server, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(server.events).toEqual([]);
});

test('mysql connection: run returns the number of changed rows, and an error leaves the connection usable', async () => {
  await using server = await fakeMysql({
    query: (text) => (text === 'bad' ? failure(1064) : ok(3)),
  });
  const connection = await login(server);
  expect(await connection.run(ASK)).toEqual({ rows: [], changes: 3 });
  await expect(connection.run({ text: 'bad', values: [] })).rejects.toThrow('no');
  expect(connection.usable).toBe(true);
});

test('mysql connection: is not usable after a statement that the server does not answer', async () => {
  await using server = await fakeMysql({ query: (text) => (text === 'slow' ? null : ok()) });
  const connection = await login(server, { timeout: 200 });
  await expect(connection.run({ text: 'slow', values: [] })).rejects.toThrow(/timeout/);
  expect(connection.usable).toBe(false);
});

test('mysql connection: close ends the session, and leaves no timer', async () => {
  await using server = await fakeMysql();
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
  await connection.close();
  expect(sleeps).toHaveLength(1);
});

test('mysql connection: is tried with TLS if the server requires it, and not after another error', async () => {
  await using insisting = await fakeMysql({ login: failure(3159) });
  await expect(login(insisting)).rejects.toThrow('does not support secure connection');
  expect(insisting.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using denying = await fakeMysql({ login: failure(1045) });
  await expect(login(denying)).rejects.toThrow('no');
  expect(denying.events.filter((event) => event === 'connection')).toHaveLength(1);
});

test('mysql connection: is closed after the server denied the login', async () => {
  await using server = await fakeMysql({ login: failure(1045) });
  await expect(login(server)).rejects.toThrow('no');
  await vi.waitFor(() => expect(server.events).toEqual(['connection', 'close']));
});

test('mysql connection: a close lets the server reply to the statement that is running', async () => {
  await using server = await fakeMysql({ query: (text) => (text === 'slow' ? null : ok()) });
  const connection = await login(server, { clock: new ManualClock('2027-03-01T12:00:00Z') });
  const running = connection.run({ text: 'slow', values: [] });
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('slow'));
  const closed = connection.close();
  server.reply(ok(2));
  expect(await running).toEqual({ rows: [], changes: 2 });
  await closed;
});

test('mysql connection: is closed when the server rejects the settings of the session', async () => {
  await using server = await fakeMysql({ query: () => failure(1193) });
  await expect(login(server)).rejects.toThrow('no');
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  expect(server.events).toHaveLength(3);
});

test('mysql connection: is not usable once the server has closed it', async () => {
  await using server = await fakeMysql();
  const connection = await login(server);
  server.closeConnection();
  await vi.waitFor(() => expect(connection.usable).toBe(false));
  await settle();
  expect(connection.usable).toBe(false);
});
