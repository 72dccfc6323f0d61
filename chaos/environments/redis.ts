import { Proxy } from '../../test/support/proxy.ts';
import { readRedisQueue } from '../../test/support/queues.ts';
import { RedisServer } from '../../test/support/redis.ts';
import { QUEUES } from '../scenario.ts';
import type { Environment, EnvironmentType } from './environment.ts';
import { NETWORK_FAULT_DURATIONS, NETWORK_FAULTS } from './network-faults.ts';
import { freeze, restart, type ServerFault } from './server-faults.ts';

const SERVER_FAULTS: Record<string, ServerFault> = {
  'Redis restarted': restart,
  'Redis frozen': freeze,
};

/** A Redis that persists every write, with a network proxy for each instance. */
export const redisEnvironment: EnvironmentType = {
  faults: {
    ...NETWORK_FAULT_DURATIONS,
    'Redis restarted': [0, 2_500],
    'Redis frozen': [200, 2_500],
  },
  mayRepeat: false,

  async open(instances): Promise<Environment> {
    const server = await RedisServer.start({ appendOnly: true });
    const proxies = await Promise.all(
      Array.from({ length: instances }, () => Proxy.to(server.port)),
    );
    return {
      config: { brokerUrl: server.url() },
      urlFor: (slot) => `redis://127.0.0.1:${proxies[slot]!.port}/0`,
      affects: (kind) => (kind in NETWORK_FAULTS ? 'instance' : 'server'),
      inject: (kind, slot, duration) =>
        NETWORK_FAULTS[kind]?.(proxies[slot]!, duration) ?? SERVER_FAULTS[kind]!(server, duration),
      readQueues: () => Promise.all(QUEUES.map((queue) => readRedisQueue(server.client, queue))),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
        await server.stop();
      },
    };
  },
};
