import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openMemoryStore } from '../../src/drivers/memory/store.ts';
import { read, restoreRedis, restoreSql, restoreSqlite } from '../fixtures/stores/dumps.ts';
import { lead, type Continuation } from '../fixtures/stores/lead.ts';
import { CONTINUED } from '../fixtures/stores/phases.ts';
import { Folder } from '../support/folder.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

/** Continues from a restored store, and expects the events and records that are checked in. */
async function expectContinuation(stateUrl: string): Promise<void> {
  const brokerUrl = `memory://${randomUUID()}`;
  const expected = read('continued.json') as Continuation;
  expect(await lead({ brokerUrl, stateUrl }, CONTINUED)).toEqual(expected);
  const { messages } = openMemoryStore(storeOptions(brokerUrl)).broker;
  const ids = messages.map(({ taskId }) => taskId);
  expect(new Set(ids).size).toBe(ids.length);
}

const TITLE = 'a store in the format that is checked in is continued: no run is lost or repeated';

test(`sqlite: ${TITLE}`, async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  restoreSqlite(path);
  await expectContinuation(`sqla+sqlite:///${path}`);
});

const noRedis = requireService('redis-server');
describe.skipIf(noRedis)(noRedis || 'redis', () => {
  test(`redis: ${TITLE}`, async () => {
    await using server = await RedisServer.start();
    await restoreRedis(server.client);
    await expectContinuation(server.url(0));
  });
});

const noPostgres = requireService('postgres');
describe.skipIf(noPostgres)(noPostgres || 'postgresql', () => {
  test(`postgresql: ${TITLE}`, async () => {
    await using server = await PostgresServer.start();
    await restoreSql(server, 'postgresql.json');
    await expectContinuation(server.url());
  });
});

const noMaria = requireService('mariadbd');
describe.skipIf(noMaria)(noMaria || 'mysql', () => {
  test(`mysql: ${TITLE}`, async () => {
    await using server = await MariaServer.start();
    await restoreSql(server, 'mysql.json');
    await expectContinuation(server.url());
  });
});
