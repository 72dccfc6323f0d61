import { expect, test } from 'vitest';
import { openSqlStore } from '../../../support/open-sql-store.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { FakeServer } from '../../../support/fake-server.ts';

/** A greeting of MySQL 8 without TLS. */
const GREETING = Buffer.concat([
  Buffer.from('\x0a8.0.0\0\x01\0\0\0abcdefgh\0', 'latin1'),
  Buffer.from([0xff, 0xf7, 0x2d, 0x02, 0, 0xff, 0xff, 21]),
  Buffer.alloc(10),
  Buffer.from('abcdefghijkl\0mysql_native_password\0', 'latin1'),
]);

test('mysql login: program_name contains the purpose of the connection', async () => {
  const logins: string[] = [];
  await using server = await FakeServer.start((socket) => {
    socket.write(Buffer.concat([Buffer.from([GREETING.length, 0, 0, 0]), GREETING]));
    socket.once('data', (bytes) => {
      logins.push(bytes.toString('latin1'));
      socket.destroy();
    });
  });
  const store = openSqlStore(storeOptions(`sqla+mysql://me@127.0.0.1:${server.port}/jobs`));
  await expect(store.ledger.load()).rejects.toThrow('no connection to MySQL');
  await expect(store.lock.acquire()).rejects.toThrow('no connection to MySQL');
  await store.close();
  expect(logins).toEqual([
    expect.stringMatching(/me\0.*jobs\0.*program_name.beat-ledger/s),
    expect.stringMatching(/me\0.*jobs\0.*program_name.beat-lock/s),
  ]);
});

test('postgresql login: application_name contains the purpose of the connection, and the options of the URL are sent', async () => {
  const logins: string[] = [];
  await using server = await FakeServer.start((socket) => {
    socket.once('data', (bytes) => {
      logins.push(bytes.toString('latin1'));
      socket.destroy();
    });
  });
  const query = 'sslmode=disable&options=-csearch_path%3Djobs';
  const store = openSqlStore(storeOptions(`sqla+postgresql://me@127.0.0.1:${server.port}/celery?${query}`));
  await expect(store.ledger.load()).rejects.toThrow('no connection to PostgreSQL');
  await store.close();
  expect(logins).toHaveLength(1);
  const fields = logins[0]!.slice(8).split('\0');
  const valueOf = (name: string) => fields[fields.indexOf(name) + 1];
  expect(['user', 'database', 'application_name', 'options'].map(valueOf)).toEqual([
    ...['me', 'celery', 'beat-ledger', '-csearch_path=jobs'],
  ]);
});
