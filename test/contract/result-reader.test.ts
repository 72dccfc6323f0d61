import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from '../../src/config/resolve.ts';
import { openResultReader } from '../../src/drivers/open-results.ts';
import type { ResultReader } from '../../src/contracts/store/results.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { AclUser } from '../support/acl.ts';
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import type { SqlServer } from '../support/sql-server.ts';

const open = async (config: object): Promise<ResultReader> => {
  const { results } = resolveSettings({ brokerUrl: 'memory://', ...config });
  return (await openResultReader(results, systemClock))!;
};

const DONE = Date.parse('2026-11-22T12:00:00Z');
const ended = (taskId: string, parts: object = {}) => ({
  taskId,
  state: 'SUCCESS',
  doneAt: DONE,
  runtimeMs: null,
  worker: null,
  error: null,
  ...parts,
});

const noRedis = requireService('redis-server');
describe.skipIf(noRedis)(noRedis || 'redis result reader', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.flush());

  const storeText = (id: string, text: string | Buffer, prefix = '') =>
    server.client.set(`${prefix}celery-task-meta-${id}`, text);
  const store = (id: string, meta: object, prefix = '') => {
    const common = { status: 'SUCCESS', result: 1, traceback: null, children: [] };
    const whole = { ...common, date_done: '2026-11-22T12:00:00', task_id: id, ...meta };
    return storeText(id, JSON.stringify(whole), prefix);
  };

  test('redis result reader: reads the outcomes of tasks that have ended, and no others', async () => {
    await store('done', {});
    await store('failed', {
      status: 'FAILURE',
      result: { exc_type: 'KeyError', exc_message: ['x'], exc_module: 'builtins' },
    });
    await store('started', { status: 'STARTED', date_done: null });
    const reader = await open({ resultBackend: server.url() });
    const read = await reader.read(['done', 'failed', 'started', 'waiting']);
    expect(read).toEqual({
      ended: [ended('done'), ended('failed', { state: 'FAILURE', error: 'KeyError: x' })],
      unreadable: new Map(),
    });
    await reader.close();
  });

  test('redis result reader: reads only the beginning and the end of a large result', async () => {
    await store('large', { result: 'x'.repeat(1_000_000) });
    const reader = await open({ resultBackend: server.url() });
    await server.client.config('RESETSTAT');
    expect((await reader.read(['large', 'waiting'])).ended).toEqual([ended('large')]);
    const [, bytes] = /total_net_output_bytes:(\d+)/.exec(await server.client.info('stats'))!;
    expect(Number(bytes)).toBeLessThan(60_000);
    await reader.close();
  });

  test('redis result reader: a pickled result is reported with the reason, beside the others', async () => {
    await store('done', {});
    await storeText('pickled', Buffer.from('80049511', 'hex'));
    const reader = await open({ resultBackend: server.url() });
    const { ended: found, unreadable } = await reader.read(['done', 'pickled']);
    expect(found).toEqual([ended('done')]);
    expect([...unreadable]).toEqual([['pickled', expect.stringContaining('result_serializer')]]);
    await reader.close();
  });

  test('redis result reader: works with the documented rights and a prefix, and names a missing right', async () => {
    const user = new AclUser(server, 'outcomes');
    await user.set('~shop_celery-task-meta-*', '+getrange');
    await store('done', {}, 'shop_');
    const resultBackendTransportOptions = { globalKeyprefix: 'shop' };
    const reader = await open({ resultBackend: user.url(), resultBackendTransportOptions });
    expect((await reader.read(['done'])).ended).toEqual([ended('done')]);
    await reader.close();
    await user.set('-getrange');
    const denied = await open({ resultBackend: user.url() });
    await expect(denied.read(['done'])).rejects.toThrow(/user "outcomes" may not run GETRANGE/i);
    await denied.close();
  });
});

/** As SQLAlchemy creates it, with `result_extended` or without. */
const createTable = (blob: string, datetime: string, extended: boolean) => `
  CREATE TABLE celery_taskmeta (id INTEGER NOT NULL PRIMARY KEY, task_id VARCHAR(155) UNIQUE,
    status VARCHAR(50), result ${blob}, date_done ${datetime}, traceback TEXT
    ${extended ? ', name VARCHAR(155), worker VARCHAR(155)' : ''})`;

const ROWS = [
  [1, 'done', 'SUCCESS', '2026-11-22 12:00:00', null],
  [2, 'failed', 'FAILURE', '2026-11-22 12:00:00', "Traceback …\n  raise\nKeyError: 'x'\n"],
  [3, 'started', 'STARTED', '2026-11-22 12:00:00', null],
] as const;
const OUTCOMES = [ended('done'), ended('failed', { state: 'FAILURE', error: "KeyError: 'x'" })];
const IDS = ['done', 'failed', 'started', 'waiting'];
const sorted = async (reader: ResultReader) =>
  (await reader.read(IDS)).ended.toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1));

describe.each(SQL_PRODUCTS)('$name result reader', ({ name, missing, start }) => {
  test.skipIf(missing)(
    `${name} result reader: reads the outcomes of Celery's table when workers have created it`,
    async () => {
      await using server: SqlServer = await start();
      const reader = await open({ resultBackend: server.url().replace(/^sqla\+/, 'db+') });
      expect(await sorted(reader)).toEqual([]);
      const isPostgres = name === 'postgresql';
      const [blob, datetime] = isPostgres ? ['BYTEA', 'TIMESTAMP'] : ['BLOB', 'DATETIME'];
      await server.query(createTable(blob, datetime, false));
      const insert = 'INSERT INTO celery_taskmeta (id, task_id, status, date_done, traceback) VALUES (?, ?, ?, ?, ?)';
      for (const row of ROWS) await server.query(insert, ...row);
      expect(await sorted(reader)).toEqual(OUTCOMES);
      await reader.close();

      await server.query('DROP TABLE celery_taskmeta');
      await server.query(createTable(blob, datetime, true));
      for (const row of ROWS) await server.query(insert, ...row);
      await server.query("UPDATE celery_taskmeta SET worker = 'celery@host'");
      const extended = await open({ resultBackend: server.url().replace(/^sqla\+/, 'db+') });
      const worker = 'celery@host';
      expect(await sorted(extended)).toEqual(OUTCOMES.map((each) => ({ ...each, worker })));
      await extended.close();
    },
  );
});

test('sqlite result reader: reads a file that workers create, replace and write, and changes nothing in it', async () => {
  using folder = new Folder();
  const path = `${folder.path}/results.sqlite`;
  const reader = await open({ resultBackend: `db+sqlite:///${path}` });
  expect(await sorted(reader)).toEqual([]);
  expect(existsSync(path)).toBe(false);
  const db = new DatabaseSync(path);
  expect(await sorted(reader)).toEqual([]);
  db.exec(createTable('BLOB', 'DATETIME', true));
  const insert = db.prepare(
    `INSERT INTO celery_taskmeta (id, task_id, status, date_done, traceback, worker) VALUES (?, ?, ?, ?, ?, 'w')`,
  );
  for (const row of ROWS) insert.run(...row);
  expect(await sorted(reader)).toEqual(OUTCOMES.map((each) => ({ ...each, worker: 'w' })));
  await reader.close();
  db.close();
});
