import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { parseAddress } from '../../../../src/drivers/sql/mysql/address.ts';
import { connect } from '../../../../src/drivers/sql/mysql/connection.ts';
import { failure, fakeMysql, ok } from '../../../support/fake-mysql.ts';
import { connectionContract, makeLogin } from './connection.contract.ts';

const login = makeLogin(({ address }: { address: ReturnType<typeof parseAddress> }, options, signal) =>
  connect({ address, ...options }, signal),
);

connectionContract({ name: 'mysql', start: fakeMysql, login, done: ok, failed: failure(1064), denied: failure(1045) });

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

test('mysql connection: is tried with TLS if the server requires it, and not after another error', async () => {
  await using insisting = await fakeMysql({ login: failure(3159) });
  await expect(login(insisting)).rejects.toThrow('does not support secure connection');
  expect(insisting.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using denying = await fakeMysql({ login: failure(1045) });
  await expect(login(denying)).rejects.toThrow('no');
  expect(denying.events.filter((event) => event === 'connection')).toHaveLength(1);
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
