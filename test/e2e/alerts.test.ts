import { expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { NEWEST, Worker, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { Receiver } from '../support/receiver.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const missing = requireService('redis-server') || requireCelery(NEWEST);

test.skipIf(missing)(
  missing || 'a real worker that fails a task makes beat call the webhook, and ping start and failure',
  async () => {
    await using redis = await RedisServer.start();
    using folder = new Folder();
    using receiver = new Receiver();
    const url = await receiver.url();
    const config = {
      brokerUrl: redis.url(),
      resultBackend: redis.url(),
      alerts: {
        ping: `${url}/ping/{entry}`,
        webhook: { url: `${url}/hook`, on: ['failure'] },
        heartbeat: { url: `${url}/heartbeat`, interval: '10s' },
      },
      beatSchedule: { broken: { task: 'tasks.fail', schedule: 1 } },
    };
    folder.write('beat.config.json', JSON.stringify(config));
    const options = { brokerUrl: redis.url(), resultBackend: redis.url(), cwd: folder.path };
    await using _worker = new Worker(NEWEST, options);
    await using beat = new BeatProcess({ cwd: folder.path });
    const hook = await receiver.received.first('the webhook', ({ path }) => path === '/hook');
    expect(JSON.parse(hook.body)).toMatchObject({ kind: 'failure', entry: 'broken', state: 'FAILURE' });
    const start = await receiver.received.first('start', ({ path }) => path.startsWith('/ping/broken/start'));
    expect(start.path).toMatch(/\?rid=[0-9a-f-]{36}$/);
    await receiver.received.first('fail', ({ path }) => path.startsWith('/ping/broken/fail'));
    await receiver.received.first('heartbeat', ({ path }) => path === '/heartbeat');
    expect(await beat.stop()).toMatchObject({ code: 0 });
  },
);
