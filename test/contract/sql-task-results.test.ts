import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from '../../src/config/resolve.ts';
import { openTaskResults } from '../../src/drivers/open-results.ts';
import type { TaskResult } from '../../src/contracts/store/results.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import type { SqlServer } from '../support/sql-server.ts';

const RESULT: TaskResult = {
  taskId: 'id',
  status: 'SUCCESS',
  result: { exit_code: 0 },
  traceback: null,
  doneAt: Date.parse('2027-01-01T00:00:00Z'),
  groupId: null,
  parentId: null,
  request: {
    name: 'shell.run',
    args: [],
    kwargs: { command: 'true' },
    worker: 'beat@host',
    retries: 1,
    queue: 'shell',
  },
};
const READ = `SELECT task_id, status, CAST(date_done AS char(19)) AS done, traceback, name, worker,
  retries, queue, args, kwargs FROM celery_taskmeta`;
const ROW = { task_id: 'id', status: 'SUCCESS', done: '2027-01-01 00:00:00', traceback: null };
const PLAIN = { name: null, worker: null, retries: null, queue: null, args: null, kwargs: null };

for (const { name, missing, start } of SQL_PRODUCTS) {
  describe.skipIf(missing)(missing || `${name} task results`, () => {
    let server: SqlServer;

    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());
    beforeEach(() => server.empty());

    const open = async (config: object = {}) => {
      const resultBackend = server.url().replace('sqla+', 'db+');
      const { results } = resolveSettings({ brokerUrl: 'memory://', resultBackend, ...config });
      return (await openTaskResults(results.backend!, results, systemClock))!;
    };

    test(`${name} task results: each task has one row, which the last state replaces`, async () => {
      const [results, other] = [await open(), await open()];
      await Promise.all([
        results.store({ ...RESULT, status: 'STARTED', doneAt: null }),
        other.store({ ...RESULT, taskId: 'other' }),
      ]);
      await results.store(RESULT);
      expect(await server.query(`${READ} WHERE task_id = 'id'`)).toEqual([{ ...ROW, ...PLAIN }]);
      expect(await server.query('SELECT DISTINCT id FROM celery_taskmeta')).toHaveLength(2);
      await results.close();
      await other.close();
    });

    test(`${name} task results: with resultExtended the row contains the request`, async () => {
      const results = await open({ resultExtended: true });
      await results.store(RESULT);
      expect(await server.query(READ)).toEqual([
        { ...ROW, ...RESULT.request, args: Buffer.from('[]'), kwargs: Buffer.from('{"command":"true"}') },
      ]);
      await results.close();
    });

    test(`${name} task results: a command may have an output of 64 KiB on each stream`, async () => {
      const results = await open();
      const output = 'x'.repeat(64 * 1_024);
      await results.store({ ...RESULT, result: { stdout: output, stderr: output } });
      expect(await server.query(READ)).toHaveLength(1);
      await results.close();
    });
  });
}
