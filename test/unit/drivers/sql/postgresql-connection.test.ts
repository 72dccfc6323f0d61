import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { parseAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { connect } from '../../../../src/drivers/sql/postgresql/connection.ts';
import { done, failure, fakePostgres, READY } from '../../../support/fake-postgres.ts';
import { settle } from '../../../support/settle.ts';
import { connectionContract, makeLogin } from './connection.contract.ts';

const login = makeLogin(({ url }: { url: string }, options, signal) =>
  connect({ address: parseAddress(url), ...options }, signal),
);

connectionContract({
  name: 'postgresql',
  start: fakePostgres,
  login,
  done,
  failed: Buffer.concat([failure('42601'), READY]),
  denied: failure('28P01'),
});

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
  await expect(login({ url: insisting.url.replace('disable', 'allow') })).rejects.toThrow('does not support SSL');
  expect(insisting.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using denying = await fakePostgres({ login: failure('28P01') });
  await expect(login({ url: denying.url.replace('disable', 'allow') })).rejects.toThrow('no');
  expect(denying.events.filter((event) => event === 'connection')).toHaveLength(1);
});
