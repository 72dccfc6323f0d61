import { Redis } from 'ioredis';
import { Proxy } from '../../test/support/proxy.ts';
import { readRedisQueue } from '../../test/support/queues.ts';
import { RedisServer } from '../../test/support/redis.ts';
import type { Environment, EnvironmentType } from './environment.ts';
import { NETWORK_FAULT_DURATIONS, NETWORK_FAULTS } from './network-faults.ts';
import { freeze, restart, type ServerFault } from './server-faults.ts';

const SERVER_FAULTS: Record<string, ServerFault> = { 'Redis restarted': restart, 'Redis frozen': freeze };

/** A Redis that persists every write, with a network proxy for each instance. */
export const redisEnvironment: EnvironmentType = {
  faults: { ...NETWORK_FAULT_DURATIONS, 'Redis restarted': [0, 2_500], 'Redis frozen': [200, 2_500] },
  mayRepeat: false,
  overlap: ['skip', 'queue', 'cancel'],

  async open(instances): Promise<Environment> {
    const server = await RedisServer.start({ appendOnly: true });
    const proxies = await Promise.all(Array.from({ length: instances }, () => Proxy.to(server.port)));
    const subscribers: Redis[] = [];
    return {
      config: { brokerUrl: server.url() },
      redis: server.client,
      urlFor: (slot) => `redis://127.0.0.1:${proxies[slot]!.port}/0`,
      affects: (kind) => (kind in NETWORK_FAULTS ? 'instance' : 'server'),
      inject: (kind, slot, duration) =>
        NETWORK_FAULTS[kind]?.(proxies[slot]!, duration) ?? SERVER_FAULTS[kind]!(server, duration),
      readQueue: async (queue) => readRedisQueue(server.client, queue),
      onRevoked: (listener) => subscribers.push(subscribeToRevokes(server, listener)),
      [Symbol.asyncDispose]: async () => {
        for (const subscriber of subscribers) subscriber.disconnect();
        await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
        await server.stop();
      },
    };
  },
};

/** Subscribes to Celery's remote control as a worker does, also after a restart of the server. */
function subscribeToRevokes({ port }: RedisServer, listener: (taskIds: readonly string[]) => void): Redis {
  const subscriber = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: null });
  subscriber.on('error', () => {});
  subscriber.on('message', (_channel, text) => {
    const { body } = JSON.parse(text) as { body: string };
    const request = JSON.parse(Buffer.from(body, 'base64').toString()) as {
      readonly method: string;
      readonly arguments: { readonly task_id: readonly string[] };
    };
    if (request.method === 'revoke') listener(request.arguments.task_id);
  });
  subscriber.subscribe('/0.celery.pidbox').catch(() => {});
  return subscriber;
}
