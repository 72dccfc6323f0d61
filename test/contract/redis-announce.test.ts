import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import { makeMessage } from '../support/message.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis, task events', () => {
  let server: RedisServer;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.stop());

  test('are published to the channel of exchange, database and routing key, which Celery subscribes to', async () => {
    const listener = server.client.duplicate();
    await listener.psubscribe('app_/2.celeryev/*');
    const heard = new Promise<[string, string]>((resolve) =>
      listener.once('pmessage', (_, channel, envelope) => resolve([channel, envelope])),
    );
    const transport = { ...DEFAULT_TRANSPORT, globalKeyprefix: 'app_' };
    const store = openRedisStore(storeOptions(server.url(2), { transport }));
    const exchange = { queue: null, exchange: 'celeryev', exchangeType: 'topic' as const };
    const destination = { ...exchange, routingKey: 'task.sent' };
    await store.broker.announce([makeMessage('a', { destination })]);
    const [channel, envelope] = await heard;
    expect(channel).toBe('app_/2.celeryev/task.sent');
    expect(JSON.parse(envelope)).toMatchObject({
      headers: { id: 'a' },
      properties: { delivery_info: { exchange: 'celeryev', routing_key: 'task.sent' } },
    });
    await store.close();
    listener.disconnect();
  });
});
