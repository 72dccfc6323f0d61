import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker, type TaskRan } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { History } from '../support/history.ts';
import { readRedisQueue, readSqliteQueue } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { itKeepsItsPromises } from './promises.ts';
import { asTypeScript, asYaml, BEAT_SCHEDULE } from './workers.config.ts';

const entries = Object.keys(BEAT_SCHEDULE).length;
const queues = ['celery', 'reports'];

/** The lists that kombu uses for these queues. */
const LISTS = queues.flatMap((queue) => [queue, ...[3, 6, 9].map((n) => `${queue}\x06\x16${n}`)]);

for (const celery of CELERIES) {
  const name = `Celery ${findCelery(celery)?.version ?? ''}`;
  const noCelery = requireCelery(celery);
  const noRedis = requireService('redis-server');

  describe.skipIf(noCelery)(noCelery || `${name} on SQLite, configured in YAML`, () => {
    const folder = new Folder({ 'beat.config.yaml': asYaml() });
    const cwd = folder.path;
    const history = new History();

    beforeAll(() =>
      history.record({
        entries,
        beat: () => new BeatProcess({ cwd }),
        worker: () => new Worker(celery, { brokerUrl: 'sqla+sqlite:///beat.sqlite', cwd, queues }),
      }),
    );
    afterAll(() => folder[Symbol.dispose]());

    itKeepsItsPromises(history);

    test('queues are empty afterwards', () => {
      expect(readSqliteQueue(`${cwd}/beat.sqlite`)).toEqual([]);
    });

    test('the lock is free afterwards', () => {
      using db = new DatabaseSync(`${cwd}/beat.sqlite`);
      expect(db.prepare('SELECT * FROM beat_lock').all()).toEqual([]);
    });
  });

  describe.skipIf(noCelery || noRedis)(noCelery || noRedis || `${name} on Redis, configured in TypeScript`, () => {
    const folder = new Folder({ 'beat.config.ts': asTypeScript() });
    const cwd = folder.path;
    const history = new History();
    let server: RedisServer;

    beforeAll(async () => {
      server = await RedisServer.start({ password: 'p@ss/word' });
      const [brokerUrl, resultBackend] = [server.url(2), server.url(3)];
      await history.record({
        entries,
        beat: () => new BeatProcess({ cwd, args: ['-b', brokerUrl] }),
        worker: () => new Worker(celery, { brokerUrl, cwd, queues, resultBackend }),
      });
    });
    afterAll(async () => {
      await server.stop();
      folder[Symbol.dispose]();
    });

    itKeepsItsPromises(history);

    test('queues are empty and the lock is free afterwards', async () => {
      const inside = server.client.duplicate({ db: 2 });
      for (const list of LISTS) expect(await readRedisQueue(inside, list)).toEqual([]);
      expect(await inside.exists('beat:lock')).toBe(0);
      inside.disconnect();
    });

    test('waiting runs are executed in order of priority, 0 first', () => {
      const waited = new Set(history.backlog.map(({ taskId }) => taskId));
      const priorities = history.ran
        .filter(({ id, eta }) => waited.has(id) && eta === null)
        .map(({ priority }) => priority);
      expect(new Set(priorities)).toEqual(new Set([0, 4, 6, 9]));
      expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
    });

    test('results are stored, except for a task declared with ignore_result', async () => {
      const results = server.client.duplicate({ db: 3 });
      const stored = new Set(await results.keys('celery-task-meta-*'));
      results.disconnect();
      const hasResult = ({ id }: TaskRan) => stored.has(`celery-task-meta-${id}`);
      expect(history.ranFor('plain').filter(hasResult)).toEqual(history.ranFor('plain'));
      expect(history.ranFor('quiet').filter(hasResult)).toEqual([]);
    });
  });
}
