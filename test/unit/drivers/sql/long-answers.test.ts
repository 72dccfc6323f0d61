import { expect, test } from 'vitest';
import { connect as connectMysql } from '../../../../src/drivers/sql/mysql/connection.ts';
import { parseAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { connect as connectPostgres } from '../../../../src/drivers/sql/postgresql/connection.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { fakeMysql, ok } from '../../../support/fake-mysql.ts';
import { done, fakePostgres, message } from '../../../support/fake-postgres.ts';

const MIB = 1024 * 1024;
const ASK = { text: 'ask', values: [] };
/** Together more than 256 MiB, the limit for one answer. */
const ANSWERS = 18;
const LENGTH = 15 * MIB;

const options = { name: 'beat-test', timeout: 20_000, clock: systemClock };
const { signal } = new AbortController();

test('mysql connection: many long answers together may exceed the limit for one', async () => {
  // An OK packet may end with a message.
  const long = Buffer.concat([ok(1), Buffer.alloc(LENGTH, 'x')]);
  await using server = await fakeMysql({ query: (text) => (text === 'ask' ? long : ok()) });
  const { address } = server;
  const connection = await connectMysql({ ...options, address }, signal);
  for (let i = 0; i < ANSWERS; i++) expect((await connection.run(ASK)).changes).toBe(1);
  await connection.close();
});

test('postgresql connection: many long answers together may exceed the limit for one', async () => {
  const notice = message('N', Buffer.from(`SNOTICE\0C00000\0M${'x'.repeat(LENGTH)}\0\0`));
  const long = Buffer.concat([notice, done(1)]);
  await using server = await fakePostgres({ query: (text) => (text === 'ask' ? long : done(0)) });
  const address = parseAddress(server.url);
  const connection = await connectPostgres({ ...options, address }, signal);
  for (let i = 0; i < ANSWERS; i++) expect((await connection.run(ASK)).changes).toBe(1);
  await connection.close();
});
