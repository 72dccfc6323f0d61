import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { CELERIES, requireCelery, Worker } from '../support/celery.ts';

import { Folder } from '../support/folder.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const noRedis = requireService('redis-server');
const noRabbit = requireService('rabbitmq-server');

/** Workers send task events: `worker_send_task_events`. */
function startBeat(cwd: string, config: object) {
  writeFileSync(join(cwd, 'beat.config.yaml'), stringify({ worker_send_task_events: true, ...config }));
  return new BeatProcess({ cwd, args: ['start', '-l', 'debug', '--log-format', 'json'] });
}

/** The outcome of a run of an entry that it published when it received events. */
async function findOutcome(beat: BeatProcess, entry: string) {
  return beat.log.first(
    `outcome of ${entry}`,
    (line) => line.event === 'outcome' && line['entry'] === entry && line['runtimeMs'] !== null,
  );
}

describe.skipIf(noRedis || noRabbit)(noRedis || noRabbit || 'task events', () => {
  let redis: RedisServer;
  let rabbit: RabbitNode;
  beforeAll(async () => {
    [redis, rabbit] = await Promise.all([RedisServer.start(), borrowRabbit()]);
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), rabbit.stop()]);
  });

  const SETUPS = [
    { setup: 'Redis with a result backend', broker: () => redis.url(), backend: () => redis.url(1) },
    { setup: 'Redis without one', broker: () => redis.url(2), backend: () => undefined },
    { setup: 'RabbitMQ with rpc://', broker: () => rabbit.url(), backend: () => 'rpc://' },
  ];
  test.for(CELERIES.flatMap((celery) => SETUPS.map((each) => ({ celery, ...each }))))(
    'task events: beat knows how long tasks of $celery.name ran, on $setup',
    async ({ celery, broker, backend }, context) => {
      const reason = requireCelery(celery);
      if (reason !== false) context.skip(reason);
      await redis.flush();
      using folder = new Folder();
      const cwd = folder.path;
      const [brokerUrl, resultBackend] = [broker(), backend()];
      const queue = `events-${celery.name.replaceAll(/\W/g, '-')}`;
      await using worker = new Worker(celery, {
        brokerUrl,
        cwd,
        queues: [queue],
        sendsEvents: true,
        ...(resultBackend !== undefined && { resultBackend }),
      });
      await worker.reports.first('ready', ({ kind }) => kind === 'ready');
      const options = { queue };
      await using beat = startBeat(cwd, {
        brokerUrl,
        stateUrl: 'sqla+sqlite:///state.sqlite',
        ...(resultBackend !== undefined && { resultBackend }),
        beatSchedule: {
          sleeps: { task: 'tasks.sleep', args: [0.3], schedule: 2, options },
          fails: { task: 'tasks.fail', schedule: 2, options },
          quiet: { task: 'tasks.note_quietly', schedule: 2, options: { ...options, ignoreResult: true } },
        },
      });
      const slept = await findOutcome(beat, 'sleeps');
      expect(slept).toMatchObject({ state: 'SUCCESS', error: null });
      expect(slept['runtimeMs']).toBeGreaterThanOrEqual(300);
      expect(slept['worker']).toMatch(/^celery@/);
      expect(await findOutcome(beat, 'fails')).toMatchObject({
        state: 'FAILURE',
        error: 'ValueError: on purpose',
        worker: slept['worker'],
      });
      expect(await findOutcome(beat, 'quiet')).toMatchObject({ state: 'SUCCESS' });
      await beat.stop();
      expect(beat.log.all.filter(({ level }) => level === 'error')).toEqual([]);
      const { stdout } = await callBeat(['history', 'sleeps', '--json'], { cwd });
      expect(stdout).toContain(`"runtimeMs":${String(slept['runtimeMs'])}`);
    },
  );
});
