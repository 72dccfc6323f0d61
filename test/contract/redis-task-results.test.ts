import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveSettings } from '../../src/config/resolve.ts';
import { openTaskResults } from '../../src/drivers/open-results.ts';
import type { TaskResult } from '../../src/contracts/store/results.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { AclUser } from '../support/acl.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const RESULT: TaskResult = {
  taskId: 'id',
  status: 'SUCCESS',
  result: { exit_code: 0 },
  traceback: null,
  doneAt: Date.parse('2027-01-01T00:00:00.250Z'),
  groupId: null,
  parentId: 'parent',
  request: {
    name: 'shell.run',
    args: [],
    kwargs: { command: 'true' },
    worker: 'beat@host',
    retries: 0,
    queue: 'shell',
  },
};
const META = {
  status: 'SUCCESS',
  result: { exit_code: 0 },
  traceback: null,
  children: [],
  date_done: '2027-01-01T00:00:00.250000+00:00',
  parent_id: 'parent',
  task_id: 'id',
};

const missing = requireService('redis-server');
describe.skipIf(missing)(missing || 'redis task results', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.flush());

  const open = async (config: object) => {
    const { results } = resolveSettings({ brokerUrl: 'memory://', ...config });
    return (await openTaskResults(results.backend!, results, systemClock))!;
  };

  test("redis task results: writes Celery's record, which expires, and publishes it", async () => {
    const results = await open({ resultBackend: server.url(), resultExpires: '1h' });
    const subscriber = server.client.duplicate();
    await subscriber.subscribe('celery-task-meta-id');
    const published = once(subscriber, 'message');
    await results.store(RESULT);
    const text = (await server.client.get('celery-task-meta-id'))!;
    expect(JSON.parse(text)).toEqual(META);
    expect(await server.client.client('LIST')).toContain(' name=beat-worker-results ');
    expect(await published).toEqual(['celery-task-meta-id', text]);
    const ttl = await server.client.pttl('celery-task-meta-id');
    expect(ttl).toBeGreaterThan(3_500_000);
    expect(ttl).toBeLessThanOrEqual(3_600_000);
    subscriber.disconnect();
    await results.close();
  });

  test('redis task results: with resultExtended the record contains the request', async () => {
    const results = await open({ resultBackend: server.url(), resultExtended: true });
    await results.store(RESULT);
    const text = (await server.client.get('celery-task-meta-id'))!;
    expect(JSON.parse(text)).toEqual({ ...META, ...RESULT.request });
    await results.close();
  });

  test('redis task results: without an expiry, and with a prefix, works with the documented rights', async () => {
    const user = new AclUser(server, 'worker-results');
    await user.set('~shop_celery-task-meta-*', '&shop_celery-task-meta-*');
    const results = await open({
      resultBackend: user.url(),
      resultExpires: 0,
      resultBackendTransportOptions: { globalKeyprefix: 'shop' },
    });
    await results.store(RESULT);
    expect(await server.client.ttl('shop_celery-task-meta-id')).toBe(-1);
    await results.close();
    await user.set('-set');
    const denied = await open({ resultBackend: user.url() });
    await expect(denied.store(RESULT)).rejects.toThrow(/user "worker-results" may not run SET/i);
    await denied.close();
  });
});

test('task results: a backend that a worker cannot write to counts as none', async () => {
  for (const resultBackend of ['rpc://', 'file:///results', 'django-db']) {
    const { results } = resolveSettings({ brokerUrl: 'memory://', resultBackend });
    expect(await openTaskResults(results.backend!, results, systemClock)).toBeNull();
  }
});
