import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { History } from '../support/history.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { ARGS, BEAT_SCHEDULE, KWARGS } from './workers.config.ts';

const queues = ['celery', 'reports'];
const maxPriority = 10;

// RabbitMQ drops it when it expires, so workers do not report it.
const SCHEDULE = Object.fromEntries(Object.entries(BEAT_SCHEDULE).filter(([entry]) => entry !== 'stale'));
const entries = Object.keys(SCHEDULE).length;

const noServer = requireService('rabbitmq-server') || requireService('redis-server');

let rabbit: RabbitNode | undefined;
beforeAll(async () => {
  if (!noServer) rabbit = await borrowRabbit();
});
afterAll(() => rabbit?.stop());

for (const celery of CELERIES) {
  const missing = noServer || requireCelery(celery);
  const name = `Celery ${findCelery(celery)?.version ?? ''} on RabbitMQ`;

  for (const state of ['Redis', 'the embedded SQLite'] as const) {
    describe.skipIf(missing)(missing || `${name}, state in ${state}`, () => {
      const history = new History();
      const folder = new Folder();

      beforeAll(async () => {
        await using redis = await RedisServer.start();
        await rabbit!.reset();
        const [brokerUrl, cwd] = [rabbit!.url(), folder.path];
        const config = {
          broker_url: brokerUrl,
          task_queue_max_priority: maxPriority,
          beat_schedule: SCHEDULE,
          ...(state === 'Redis' && { stateUrl: redis.url() }),
        };
        folder.write('beat.config.yaml', stringify(config));
        await history.record({
          entries,
          beat: () => new BeatProcess({ cwd }),
          worker: () => new Worker(celery, { brokerUrl, cwd, queues, maxPriority }),
        });
      });
      afterAll(() => folder[Symbol.dispose]());

      test('workers run every sent run exactly once, under the logged task id', () => {
        const sent = history.sent.map(({ taskId }) => taskId);
        expect(history.ran.map(({ id }) => id).toSorted()).toEqual(sent.toSorted());
        expect(new Set(history.ran.map((ran) => ran.state))).toEqual(new Set(['SUCCESS']));
      });

      test('arguments, headers, entry and due time arrive unchanged', () => {
        for (const { args, kwargs } of history.ranFor('full')) {
          expect({ args, kwargs }).toEqual({ args: ARGS, kwargs: KWARGS });
        }
        const told = new Map(history.ran.map(({ id, headers }) => [id, headers]));
        for (const { taskId, entry, dueAt } of history.sent) {
          const team = entry === 'labelled' ? 'blé' : null;
          const headers = { periodic_task_name: entry, beat_due_at: dueAt, 'x-team': team };
          expect(told.get(taskId)).toEqual(headers);
        }
        for (const { expires } of history.ranFor('fresh')) expect(expires).not.toBeNull();
        for (const { queue } of history.ranFor('routed')) expect(queue).toBe('reports');
      });

      test('waiting runs are executed in order of priority, highest first', () => {
        const waited = new Set(history.backlog.map(({ taskId }) => taskId));
        const priorities = history.ran
          .filter(({ id, eta, queue }) => waited.has(id) && eta === null && queue === 'celery')
          .map(({ priority }) => priority);
        expect(new Set(priorities)).toEqual(new Set([0, 4, 6, 9]));
        expect(priorities).toEqual(priorities.toSorted((a, b) => b - a));
      });
    });
  }
}
