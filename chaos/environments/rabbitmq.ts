import { Proxy } from '../../test/support/proxy.ts';
import { consumeRabbitQueue } from '../../test/support/queues.ts';
import { RabbitServer } from '../../test/support/rabbitmq.ts';
import { RedisServer } from '../../test/support/redis.ts';
import { QUEUES } from '../scenario.ts';
import type { Environment, EnvironmentType } from './environment.ts';
import { NETWORK_FAULT_DURATIONS, NETWORK_FAULTS } from './network-faults.ts';
import { freeze, restart, type Server, type ServerFault } from './server-faults.ts';

/** Faults of RabbitMQ, and of the Redis that stores lock, ledger and outbox. */
const SERVER_FAULTS: Record<string, [server: 'broker' | 'ledger', inject: ServerFault]> = {
  'RabbitMQ restarted': ['broker', restart],
  'RabbitMQ frozen': ['broker', freeze],
  'ledger restarted': ['ledger', restart],
  'ledger frozen': ['ledger', freeze],
};

/** Servers of finished runs, for reuse: starting one takes longer than a run. */
const idle: RabbitServer[] = [];

/** A RabbitMQ with a network proxy for each instance, and a Redis for the ledger. */
export const rabbitmqEnvironment: EnvironmentType = {
  faults: {
    ...NETWORK_FAULT_DURATIONS,
    'RabbitMQ restarted': [0, 1_000],
    'RabbitMQ frozen': [200, 2_500],
    'ledger restarted': [0, 2_500],
    'ledger frozen': [200, 2_500],
  },
  mayRepeat: true,
  overlap: [],

  async open(instances): Promise<Environment> {
    const broker = idle.pop() ?? (await RabbitServer.start());
    const ledger = await RedisServer.start({ appendOnly: true });
    const proxies = await Promise.all(Array.from({ length: instances }, () => Proxy.to(broker.port)));
    const servers: Record<'broker' | 'ledger', Server> = { broker, ledger };
    const readQueue = (queue: string) => consumeRabbitQueue(broker, queue);
    return {
      config: { brokerUrl: broker.url(), stateUrl: ledger.url() },
      urlFor: (slot) => broker.url(proxies[slot]!.port),
      affects: (kind) => (kind in NETWORK_FAULTS ? 'instance' : 'server'),
      inject: async (kind, slot, duration) => {
        const [server, inject] = SERVER_FAULTS[kind] ?? [];
        if (server && inject) await inject(servers[server], duration);
        else await NETWORK_FAULTS[kind]!(proxies[slot]!, duration);
      },
      readQueue,
      [Symbol.asyncDispose]: async () => {
        await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
        await ledger.stop();
        // Leaves the queues empty for the next run.
        await Promise.all(QUEUES.map(readQueue));
        idle.push(broker);
      },
    };
  },

  async close() {
    await Promise.all(idle.splice(0).map((server) => server.stop()));
  },
};
