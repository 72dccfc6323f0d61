import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const NODE = `beat@${hostname()}`;
const noServer = requireService('rabbitmq-server') || requireService('redis-server');

/** Runs Python code with Celery's app, and returns what it prints as JSON. */
function runPython(python: string, urls: readonly string[], code: string): unknown {
  const script = `
import json, sys
from celery import Celery
app = Celery(broker=sys.argv[1], backend=sys.argv[2])
${code}`;
  const { stdout, stderr, status } = spawnSync(python, ['-c', script, ...urls], { encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return JSON.parse(stdout);
}

/** What a client in Python reads of tasks that were revoked. */
const READ = (ids: readonly string[]) => `
def read(id):
    result = app.AsyncResult(id)
    try:
        result.get(timeout=20)
    except Exception as error:
        return [type(error).__name__, str(error), result.state]
print(json.dumps([read(id) for id in ${JSON.stringify(ids)}]))`;

describe.skipIf(noServer)(noServer || 'remote control of beat worker', () => {
  let folder: Folder;
  let redis: RedisServer;
  let rabbit: RabbitNode;
  beforeAll(async () => {
    [redis, rabbit] = await Promise.all([RedisServer.start(), borrowRabbit()]);
  });
  afterAll(() => Promise.all([redis.stop(), rabbit.stop()]));
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(async () => {
    await redis.client.flushall();
    folder[Symbol.dispose]();
  });

  type Broker = readonly [name: string, url: () => string];
  const brokers: readonly Broker[] = [
    ['Redis', () => redis.url()],
    ['RabbitMQ', () => rabbit.url()],
  ];
  /** A worker, and a scheduler whose entries run only when they are asked to. */
  const start = async (broker: string) => {
    const shell = (command: string) => ({ shell: command, schedule: { at: '2020-01-01' } });
    const config = {
      brokerUrl: broker,
      stateUrl: redis.url(1),
      resultBackend: redis.url(2),
      beatSchedule: { waits: shell('sleep 600'), echoes: shell('echo out') },
    };
    folder.write('beat.config.yaml', stringify(config));
    const worker = new BeatProcess({ cwd: folder.path, args: ['worker', '--concurrency', '1'] });
    await worker.waitForEvent('remote-control');
    const beat = new BeatProcess({ cwd: folder.path });
    await beat.waitForEvent('leading');
    return { worker, beat };
  };
  const run = async (entry: string, beat: BeatProcess) => {
    const from = beat.log.all.length;
    expect((await callBeat(['run', entry], { cwd: folder.path })).code).toBe(0);
    const { taskId } = await beat.log.first('sent', ({ event }) => event === 'sent', from);
    return String(taskId);
  };

  for (const celery of CELERIES) {
    const missing = requireCelery(celery);
    const { python = '', version = '' } = findCelery(celery) ?? {};
    for (const [name, url] of brokers) {
      test.skipIf(missing)(
        missing || `control.revoke of ${version} on ${name} ends a command, and keeps another from running`,
        async () => {
          const { worker, beat } = await start(url());
          await using _worker = worker;
          await using _beat = beat;
          const urls = [url(), redis.url(2)];
          const first = await run('waits', beat);
          await worker.waitForEvent('job-started');
          const second = await run('echoes', beat);
          const asked = `
active = app.control.inspect().active()
revoked = app.control.revoke('${second}', reply=True)
ended = app.control.revoke('${first}', terminate=True, signal='SIGINT', reply=True)
print(json.dumps([active, revoked, ended]))`;
          const [active, revoked, ended] = runPython(python, urls, asked) as [
            Record<string, unknown>,
            unknown,
            unknown,
          ];
          expect(active[NODE]).toMatchObject([{ id: first, kwargs: { command: 'sleep 600' } }]);
          expect(revoked).toEqual([{ [NODE]: { ok: `tasks ${second} flagged as revoked` } }]);
          expect(ended).toEqual([{ [NODE]: { ok: `terminate: ${first}` } }]);
          const done = ({ event }: { event: string }) => event === 'job-revoked';
          const one = await worker.log.first('the end', done);
          expect(one).toMatchObject({ taskId: first, signal: 'SIGINT' });
          const other = await worker.log.first('the other', (line) => done(line) && line !== one);
          expect(other).toMatchObject({ taskId: second, signal: null });
          expect(runPython(python, urls, READ([first, second]))).toEqual([
            ['TaskRevokedError', 'terminated', 'REVOKED'],
            ['TaskRevokedError', 'revoked', 'REVOKED'],
          ]);
          // A third command runs.
          await run('echoes', beat);
          await worker.waitForEvent('job-succeeded');
          runPython(python, urls, `app.control.shutdown()\nprint('null')`);
          expect(await worker.exited).toMatchObject({ code: 0 });
        },
      );
    }
  }

  const embedded: Broker = ['SQLite', () => 'sqla+sqlite:///beat.sqlite'];
  test.each([...brokers, embedded])(
    'overlap cancel on %s ends the command that runs in beat worker',
    async (_name, url) => {
      const config = {
        brokerUrl: url(),
        stateUrl: redis.url(1),
        resultBackend: redis.url(2),
        beatSchedule: { slow: { shell: 'sleep 600', schedule: 1, overlap: 'cancel' } },
      };
      folder.write('beat.config.yaml', stringify(config));
      await using worker = new BeatProcess({ cwd: folder.path, args: ['worker'] });
      await worker.waitForEvent('remote-control');
      await using beat = new BeatProcess({ cwd: folder.path });
      const { taskId } = await worker.waitForEvent('job-revoked');
      const outcome = await beat.log.first(
        'the outcome',
        (line) => line.event === 'outcome' && line['taskId'] === taskId,
      );
      expect(outcome).toMatchObject({ entry: 'slow', state: 'REVOKED' });
    },
  );
});
