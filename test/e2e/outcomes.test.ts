import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, NEWEST, Worker, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const missing = requireService('redis-server');
const noRabbit = requireService('rabbitmq-server');

/** Starts beat with these entries, which logs outcomes of every state. */
function startBeat(cwd: string, brokerUrl: string, resultBackend: string, entries: object, more = {}) {
  const config = { ...more, brokerUrl, resultBackend, resultExpires: '1d', beatSchedule: entries };
  writeFileSync(join(cwd, 'beat.config.yaml'), stringify(config));
  return new BeatProcess({ cwd, args: ['start', '-l', 'debug', '--log-format', 'json'] });
}

const outcomeOf = (beat: BeatProcess, taskId: string) =>
  beat.log.first(`outcome of ${taskId}`, (line) => line.event === 'outcome' && line['taskId'] === taskId);

describe.skipIf(missing)(missing || 'outcomes', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const BACKENDS = [
    { backend: 'Redis', url: () => server.url(1) },
    { backend: 'SQLite', url: () => 'db+sqlite:///results.sqlite' },
  ];
  test.for(CELERIES.flatMap((each) => BACKENDS.map((backend) => ({ celery: each, ...backend }))))(
    'outcomes: beat reads from $backend how tasks of $celery.name ended',
    async ({ celery: version, url }, context) => {
      const reason = requireCelery(version);
      if (reason !== false) context.skip(reason);
      await server.flush();
      using folder = new Folder();
      const cwd = folder.path;
      const [brokerUrl, resultBackend] = [server.url(), url()];
      await using worker = new Worker(version, { brokerUrl, resultBackend, cwd });
      await worker.reports.first('ready', ({ kind }) => kind === 'ready');
      await using beat = startBeat(cwd, brokerUrl, resultBackend, {
        succeeds: { task: 'tasks.note', schedule: 1 },
        fails: { task: 'tasks.fail', schedule: 1 },
        quiet: { task: 'tasks.note', schedule: 1, options: { ignoreResult: true } },
      });
      const first = (entry: string) =>
        beat.log.first(`outcome of ${entry}`, (line) => line.event === 'outcome' && line['entry'] === entry);
      expect(await first('succeeds')).toMatchObject({
        level: 'debug',
        task: 'tasks.note',
        state: 'SUCCESS',
        error: null,
        doneAt: expect.any(String) as string,
      });
      expect(await first('fails')).toMatchObject({ level: 'warn', state: 'FAILURE', error: 'ValueError: on purpose' });
      await beat.stop();
      expect(beat.log.all.filter(({ event, entry }) => event === 'outcome' && entry === 'quiet')).toEqual([]);
    },
  );

  test('overlap: a run whose worker is killed blocks its entry for maxRuntime, and is reported as LOST', async (context) => {
    const reason = requireCelery(NEWEST);
    if (reason !== false) context.skip(reason);
    await server.flush();
    using folder = new Folder();
    const cwd = folder.path;
    const [brokerUrl, resultBackend] = [server.url(), server.url(1)];
    await using worker = new Worker(NEWEST, { brokerUrl, resultBackend, cwd });
    await worker.reports.first('ready', ({ kind }) => kind === 'ready');
    await using beat = startBeat(cwd, brokerUrl, resultBackend, {
      long: { task: 'tasks.sleep', args: [600], schedule: 1, overlap: 'skip', maxRuntime: 5 },
    });
    const sent = (await beat.waitForEvent('sent')) as unknown as { taskId: string };
    await beat.log.first('skip', ({ event, reason: why }) => event === 'skipped' && why === 'overlap');
    worker.signal('SIGKILL');
    expect(await outcomeOf(beat, sent.taskId)).toMatchObject({
      level: 'warn',
      state: 'LOST',
      error: 'no outcome within 5 s (maxRuntime)',
    });
    await beat.log.until('a second run', () => beat.sent.length >= 2 || undefined);
    const [first, second] = beat.sent.map((run) => Date.parse(run.dueAt));
    expect(second! - first!).toBeGreaterThanOrEqual(5_000);
    await beat.stop();
  });

  test('overlap queue: a new leader knows the run of a killed one, and publishes the next when it ends', async (context) => {
    const reason = requireCelery(NEWEST);
    if (reason !== false) context.skip(reason);
    await server.flush();
    using folder = new Folder();
    const cwd = folder.path;
    const [brokerUrl, resultBackend] = [server.url(), server.url(1)];
    const entries = { long: { task: 'tasks.sleep', args: [6], schedule: 1, overlap: 'queue' } };
    await using worker = new Worker(NEWEST, { brokerUrl, resultBackend, cwd });
    await worker.reports.first('ready', ({ kind }) => kind === 'ready');
    await using first = startBeat(cwd, brokerUrl, resultBackend, entries, { lock: { ttl: '1s' } });
    const { taskId } = (await first.waitForEvent('sent')) as unknown as { taskId: string };
    first.signal('SIGKILL');
    await first.exited;
    await using second = startBeat(cwd, brokerUrl, resultBackend, entries, { lock: { ttl: '1s' } });
    const outcome = await outcomeOf(second, taskId);
    expect(outcome).toMatchObject({ state: 'SUCCESS', entry: 'long' });
    const next = await second.waitForEvent('sent');
    // The occurrences in between waited, and the newest of them was published.
    expect(Date.parse(next.time)).toBeGreaterThanOrEqual(Date.parse(String(outcome['doneAt'])));
    await second.stop();
    expect(second.log.all.filter(({ event, reason: why }) => event === 'skipped' && why !== 'coalesced')).toEqual([]);
  });

  const BROKERS = [
    { broker: 'Redis', skip: missing, start: async () => ({ url: server.url(), stop: async () => {} }) },
    {
      broker: 'RabbitMQ',
      skip: noRabbit,
      start: async () => {
        const rabbit = await borrowRabbit();
        return { url: rabbit.url(), stop: () => rabbit.stop() };
      },
    },
  ];
  test.for(BROKERS)(
    'overlap cancel: a worker on $broker ends the running task, and the next run is published',
    async ({ skip, start }, context) => {
      const reason = skip || requireCelery(NEWEST);
      if (reason !== false) context.skip(reason);
      await server.flush();
      using folder = new Folder();
      const cwd = folder.path;
      const resultBackend = server.url(1);
      const { url: brokerUrl, stop } = await start();
      try {
        await using worker = new Worker(NEWEST, { brokerUrl, resultBackend, cwd, pool: 'prefork' });
        await worker.reports.first('ready', ({ kind }) => kind === 'ready');
        const stateUrl = brokerUrl.startsWith('amqp') ? { stateUrl: server.url(2) } : {};
        await using beat = startBeat(
          ...([cwd, brokerUrl, resultBackend] as const),
          { long: { task: 'tasks.sleep', args: [60], schedule: 4, overlap: 'cancel' } },
          stateUrl,
        );
        const { taskId } = (await beat.waitForEvent('sent')) as unknown as { taskId: string };
        expect(await outcomeOf(beat, taskId)).toMatchObject({
          state: 'REVOKED',
          error: 'TaskRevokedError: terminated',
        });
        expect(beat.sent.length).toBeGreaterThan(1);
        // A killed worker would leave the processes of its pool.
        worker.signal('SIGQUIT');
        await worker.exited;
        await beat.stop();
      } finally {
        await stop();
      }
    },
  );
});
