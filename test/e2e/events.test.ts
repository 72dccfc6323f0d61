import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { EventDump, Flower, hasFlower, type Viewer } from '../support/celery-events.ts';
import { Folder } from '../support/folder.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const ENTRIES = {
  greet: { task: 'tasks.greet', schedule: 0.5, args: ['tøy'] },
  later: { task: 'tasks.later', schedule: 0.5, options: { queue: 'reports', countdown: 60 } },
};

const BROKERS = {
  Redis: { missing: requireService('redis-server'), start: () => RedisServer.start() },
  RabbitMQ: { missing: requireService('rabbitmq-server'), start: () => borrowRabbit() },
};

for (const [name, { missing, start }] of Object.entries(BROKERS)) {
  describe.skipIf(missing)(missing || `over ${name}`, () => {
    const folder = new Folder();
    let server: RedisServer | RabbitNode;
    let beat: BeatProcess;

    beforeAll(async () => {
      server = await start();
      const config = { broker_url: server.url(), task_send_sent_event: true, beat_schedule: ENTRIES };
      folder.write('beat.config.yaml', stringify(config));
      beat = new BeatProcess({ cwd: folder.path });
    });
    afterAll(async () => {
      await beat.kill();
      await server.stop();
      folder[Symbol.dispose]();
    });

    /** The texts that a connected viewer shows for one run of each entry. */
    async function shown(viewer: Viewer): Promise<string[]> {
      await viewer.waitForEvents();
      const before = beat.sent.length;
      await beat.waitForRuns(4);
      const runs = Object.keys(ENTRIES).map((entry) => beat.sent.slice(before).find((line) => line.entry === entry)!);
      return Promise.all(runs.map(({ taskId }) => viewer.waitForTask(taskId)));
    }

    test('task-sent events: beat sends tasks as usual if no viewer is subscribed', async () => {
      await beat.waitForRuns(4);
      expect(beat.log.all.filter(({ event }) => event === 'failure')).toEqual([]);
    });

    for (const celery of CELERIES) {
      const without = requireCelery(celery);
      const version = findCelery(celery)?.version ?? '';
      test.skipIf(without)(without || `task-sent events: are shown by celery events of ${version}`, async () => {
        await using dump = new EventDump(celery, server.url());
        const [greet, later] = await shown(dump);
        expect(greet).toMatch(/task sent: tasks\.greet\(.*\) args=\['tøy'\] kwargs={} /);
        expect(greet).toMatch(/queue=celery\b.*routing_key=celery\b/);
        expect(greet).toMatch(/eta=None\b/);
        expect(later).toMatch(/queue=reports\b/);
        expect(later).toMatch(/eta=\d{4}-\d\d-\d\dT/);
      });
    }

    // Flower is optional: celery events has been asked the same.
    for (const viewer of hasFlower() ? ['Flower'] : []) {
      test(`task-sent events: are shown by ${viewer}`, async () => {
        await using flower = await Flower.start(server.url());
        const [greet, later] = (await shown(flower)).map((text) => JSON.parse(text) as object);
        expect(greet).toMatchObject({ name: 'tasks.greet', args: "['tøy']", state: 'PENDING', routing_key: 'celery' });
        expect(later).toMatchObject({ name: 'tasks.later', routing_key: 'reports' });
      });
    }

    test('task-sent events: are all published without a failure', async () => {
      expect(beat.log.all.filter(({ event }) => event === 'failure')).toEqual([]);
      expect(await beat.stop()).toEqual({ code: 0, signal: null });
    });
  });
}
