import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker, type Ran } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { History } from '../support/history.ts';
import { queuedInRedis, queuedInSqlite } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { ARGS, asTypeScript, asYaml, BEAT_SCHEDULE, COUNTDOWN, KWARGS } from './workers.config.ts';

const entries = Object.keys(BEAT_SCHEDULE).length;
const queues = ['celery', 'reports'];

/** The lists that kombu keeps for them. */
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
      history.take({
        entries,
        beat: () => new BeatProcess({ cwd }),
        worker: () => new Worker(celery, { brokerUrl: 'sqla+sqlite:///beat.sqlite', cwd, queues }),
      }),
    );
    afterAll(() => folder[Symbol.dispose]());

    itKeepsItsPromises(history);

    it('leaves nothing in the queues', () => {
      expect(queuedInSqlite(`${cwd}/beat.sqlite`)).toEqual([]);
    });

    it('leaves the lock free', () => {
      using db = new DatabaseSync(`${cwd}/beat.sqlite`);
      expect(db.prepare('SELECT * FROM beat_lock').all()).toEqual([]);
    });
  });

  describe.skipIf(noCelery || noRedis)(
    noCelery || noRedis || `${name} on Redis, configured in TypeScript`,
    () => {
      const folder = new Folder({ 'beat.config.ts': asTypeScript() });
      const cwd = folder.path;
      const history = new History();
      let server: RedisServer;

      beforeAll(async () => {
        server = await RedisServer.start({ password: 'p@ss/word' });
        const [brokerUrl, resultBackend] = [server.url(2), server.url(3)];
        await history.take({
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

      it('leaves nothing in the queues, and the lock free', async () => {
        const inside = server.client.duplicate({ db: 2 });
        for (const list of LISTS) expect(await queuedInRedis(inside, list)).toEqual([]);
        expect(await inside.exists('beat:lock')).toBe(0);
        inside.disconnect();
      });

      it('runs what waits in the order of priority, 0 first', () => {
        const waited = new Set(history.backlog.map(({ taskId }) => taskId));
        const priorities = history.ran
          .filter(({ id, eta }) => waited.has(id) && eta === null)
          .map(({ priority }) => priority);
        expect(new Set(priorities)).toEqual(new Set([0, 4, 6, 9]));
        expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
      });

      it('stores results, but for a task that is declared with ignore_result', async () => {
        const results = server.client.duplicate({ db: 3 });
        const stored = new Set(await results.keys('celery-task-meta-*'));
        results.disconnect();
        const hasResult = ({ id }: Ran) => stored.has(`celery-task-meta-${id}`);
        expect(history.ranFor('plain').filter(hasResult)).toEqual(history.ranFor('plain'));
        expect(history.ranFor('quiet').filter(hasResult)).toEqual([]);
      });
    },
  );
}

/** What holds wherever a worker takes its tasks from. */
function itKeepsItsPromises(history: History): void {
  it('runs every run that was sent exactly once, under the task id that was logged', () => {
    const dealtWith = [...history.ran.map(({ id }) => id), ...history.expired];
    const sent = history.sent.map(({ taskId }) => taskId);
    expect(new Set(sent).size).toBe(sent.length);
    expect(dealtWith.toSorted()).toEqual(sent.toSorted());
    expect(new Set(history.ran.map(({ state }) => state))).toEqual(new Set(['SUCCESS']));
  });

  it('tells the task which entry it runs for, and when it was due', () => {
    const told = new Map(history.ran.map(({ id, headers }) => [id, headers]));
    for (const { taskId, entry, dueAt } of history.sent) {
      const headers = told.get(taskId) ?? { periodic_task_name: entry, beat_due_at: dueAt };
      expect(headers).toMatchObject({ periodic_task_name: entry, beat_due_at: dueAt });
    }
  });

  it('hands over positional and named arguments, nested ones and any text', () => {
    const runs = history.ranFor('full');
    expect(runs.length).toBeGreaterThan(3);
    for (const { args, kwargs } of runs)
      expect({ args, kwargs }).toEqual({ args: ARGS, kwargs: KWARGS });
    for (const { args, kwargs } of history.ranFor('plain')) {
      expect({ args, kwargs }).toEqual({ args: [], kwargs: {} });
    }
  });

  it('has a run that expired before any worker came refused, and one that has time left run', () => {
    const stale = history.backlog.filter(({ entry }) => entry === 'stale');
    expect(stale.length).toBeGreaterThan(1);
    expect(history.expired).toEqual(expect.arrayContaining(stale.map(({ taskId }) => taskId)));
    expect(history.ranFor('fresh').length).toBe(history.sentFor('fresh').length);
    for (const { expires } of history.ranFor('fresh')) expect(expires).not.toBeNull();
  });

  it('keeps a run with a countdown back for that long after it was sent', () => {
    const ranAt = new Map(history.ranFor('later').map(({ id, at }) => [id, at]));
    for (const { taskId, dueAt, latenessMs } of history.sentFor('later')) {
      const sentAt = Date.parse(dueAt) + latenessMs;
      expect(ranAt.get(taskId)).toBeGreaterThanOrEqual(sentAt + COUNTDOWN);
    }
  });

  it('puts a run into the queue that its entry names', () => {
    const queuesOf = (entry: string) => new Set(history.ranFor(entry).map(({ queue }) => queue));
    expect(queuesOf('routed')).toEqual(new Set(['reports']));
    expect(queuesOf('plain')).toEqual(new Set(['celery']));
  });

  it('carries custom headers to the task', () => {
    const teams = (entry: string) =>
      new Set(history.ranFor(entry).map(({ headers }) => headers['x-team']));
    expect(teams('labelled')).toEqual(new Set(['blé']));
    expect(teams('plain')).toEqual(new Set([null]));
  });
}
