import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSync } from 'node:sqlite';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { Folder } from '../support/folder.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import { storeOptions } from './test-store.ts';

const TABLE = 'django_celery_beat_periodictask';
const RUN = (at: string) => `UPDATE ${TABLE} SET last_run_at = '${at}' WHERE id = 1`;

/** Expects the traces of django-celery-beat to change with a run, in a store without other tables at first. */
async function expectDjango(store: Store, run: (sql: string) => Promise<unknown>): Promise<void> {
  const look = () => store.findSchedulers!();
  expect(await look()).toEqual([]);
  await run(`CREATE TABLE ${TABLE} (id integer PRIMARY KEY, last_run_at timestamp NULL)`);
  await run(`INSERT INTO ${TABLE} (id, last_run_at) VALUES (1, NULL), (2, NULL)`);
  const marks: string[] = [];
  const read = async () => {
    const [found, ...others] = await look();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ scheduler: 'django-celery-beat', isLocked: false });
    marks.push(found!.mark);
  };
  await read();
  await run(RUN('2027-03-01 12:00:00'));
  await read();
  await read();
  await run(RUN('2027-03-01 12:00:05'));
  await read();
  expect(marks[2]).toBe(marks[1]);
  expect(new Set(marks).size).toBe(3);
}

const missing = requireService('redis-server');
describe.skipIf(missing)(missing || 'RedBeat in the Redis of the store', () => {
  let server: RedisServer;
  let store: Store;
  beforeAll(async () => {
    server = await RedisServer.start();
    store = openRedisStore(storeOptions(server.url()));
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  test('redis: RedBeat leaves traces with its lock and with the due times of its entries', async () => {
    const look = () => store.findSchedulers!();
    const { client } = server;
    expect(await look()).toEqual([]);
    await client.zadd('redbeat::schedule', '100', 'redbeat:a', '200', `redbeat:${'b'.repeat(1e6)}`);
    const scheduler = 'RedBeat';
    expect(await look()).toEqual([{ scheduler, mark: '100 200', isLocked: false }]);
    // Disabled entries, and those that run seldom, stay where they are.
    await client.zadd('redbeat::schedule', '150', 'redbeat:often');
    await client.zadd('redbeat::schedule', '151', 'redbeat:often');
    expect((await look())[0]!.mark).toBe('100 151 200');
    for (let i = 0; i < 100; i += 1) await client.zadd('redbeat::schedule', String(i), `${i}`);
    expect((await look())[0]!.mark.split(' ')).toHaveLength(16);
    expect((await look())[0]!.mark).toMatch(/^0 .* 200$/);
    await client.set('redbeat::lock', 'token');
    expect((await look())[0]!.isLocked).toBe(true);
  });

  test('redis: keys of RedBeat with other types fail only the search for RedBeat', async () => {
    await server.flush();
    await server.client.set('redbeat::schedule', 'text');
    await expect(store.findSchedulers!()).rejects.toThrow(/WRONGTYPE/);
  });
});

test('sqlite: django-celery-beat leaves traces in the file of the store', async () => {
  using folder = new Folder();
  const path = `${folder.path}/beat.sqlite`;
  const store = openSqlStore(storeOptions(`sqla+sqlite:///${path}`));
  await store.ledger.beginTerm();
  using db = new DatabaseSync(path);
  await expectDjango(store, async (sql) => db.exec(sql));
  await store.close();
});

describe.each(SQL_PRODUCTS)('django-celery-beat in $name', ({ name, missing: absent, start }) => {
  test.skipIf(absent)(`${name}: django-celery-beat leaves traces in the database of the store`, async () => {
    await using server = await start();
    const store = openSqlStore(storeOptions(server.url()));
    await expectDjango(store, (sql) => server.query(sql));
    await store.close();
  });
});
