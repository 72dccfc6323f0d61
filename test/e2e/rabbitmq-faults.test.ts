import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker, type TaskRan } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { findGaps } from '../support/queues.ts';
import { borrowRabbit, type BorrowedRabbit } from '../support/borrowed-rabbitmq.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { INTERVAL, makeSchedule } from '../support/team.ts';

const noServer = requireService('rabbitmq-server') || requireService('redis-server');

for (const celery of CELERIES) {
  const missing = noServer || requireCelery(celery);
  const name = `Celery ${findCelery(celery)?.version ?? ''} on RabbitMQ that fails, and a leader that dies`;

  describe.skipIf(missing)(missing || name, () => {
    const folder = new Folder();
    const beats: BeatProcess[] = [];
    const ran: TaskRan[] = [];
    let rabbit: BorrowedRabbit;
    let redis: RedisServer;

    const join = async () => {
      const beat = new BeatProcess({ cwd: folder.path });
      beats.push(beat);
      await beat.log.until('a role', () => beat.role);
    };
    const leader = () => beats.findLast((beat) => beat.alive && beat.role === 'leading');
    const goesOn = async () => {
      await Promise.any(beats.filter((beat) => beat.alive).map((beat) => beat.waitForRuns(15)));
    };

    beforeAll(async () => {
      [redis, rabbit] = await Promise.all([RedisServer.start(), borrowRabbit()]);
      const brokerUrl = rabbit.url();
      const config = { brokerUrl, stateUrl: redis.url(), lock: { ttl: 1 } };
      folder.write('beat.config.yaml', stringify({ ...config, beatSchedule: makeSchedule() }));
      const work = () => new Worker(celery, { brokerUrl, cwd: folder.path });

      await Promise.all([join(), join()]);
      await using during = work();
      await during.reports.first('a worker that is ready', ({ kind }) => kind === 'ready');
      await goesOn();
      await rabbit.kill();
      await rabbit.start();
      await goesOn();
      await rabbit.control('close_all_connections', 'maintenance');
      await goesOn();
      await leader()?.kill();
      await Promise.all([join(), goesOn()]);
      await rabbit.kill();
      await leader()?.kill();
      await Promise.all([join(), rabbit.start()]);
      await goesOn();
      await Promise.all(beats.map((beat) => beat.stop()));

      // A second worker empties the queue even if the first one lost its connection.
      await during.kill();
      await using after = work();
      const before = new Set(during.ran.map(({ id }) => id));
      await after.waitForTasks(sent().filter((id) => !before.has(id)));
      ran.push(...during.ran, ...after.ran);
    });
    afterAll(async () => {
      await Promise.all(beats.map((beat) => beat.kill()));
      await Promise.all([rabbit.stop(), redis.stop()]);
      folder[Symbol.dispose]();
    });

    const sent = () => beats.flatMap((beat) => beat.sent.map(({ taskId }) => taskId));
    const runs = () =>
      ran.map(({ id, headers }) => ({
        id,
        entry: String(headers['periodic_task_name']),
        dueAt: Date.parse(String(headers['beat_due_at'])),
      }));

    test('every run that was logged as sent runs', () => {
      expect(ran.map(({ id }) => id)).toEqual(expect.arrayContaining(sent()));
    });

    test('no occurrence of an entry is missing', () => {
      expect(new Set(runs().map(({ entry }) => entry)).size).toBe(3);
      expect(findGaps(runs(), INTERVAL)).toEqual([]);
    });

    test('each occurrence has one task id, also if it was delivered twice', () => {
      const ids = Map.groupBy(runs(), ({ entry, dueAt }) => `${entry} ${dueAt}`);
      for (const [, same] of ids) expect(new Set(same.map(({ id }) => id)).size).toBe(1);
      expect(ids.size).toBe(new Set(ran.map(({ id }) => id)).size);
    });
  });
}
