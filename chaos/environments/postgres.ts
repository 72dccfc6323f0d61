import { PostgresServer } from '../../test/support/postgres.ts';
import { Proxy } from '../../test/support/proxy.ts';
import { readSqlQueue } from '../../test/support/queues.ts';
import type { Environment, EnvironmentType } from './environment.ts';
import { NETWORK_FAULT_DURATIONS, NETWORK_FAULTS } from './network-faults.ts';
import { freeze, restart, type ServerFault } from './server-faults.ts';

const SERVER_FAULTS: Record<string, ServerFault> = { 'PostgreSQL restarted': restart, 'PostgreSQL frozen': freeze };

/** A PostgreSQL with a network proxy for each instance. */
export const postgresEnvironment: EnvironmentType = {
  faults: { ...NETWORK_FAULT_DURATIONS, 'PostgreSQL restarted': [0, 2_500], 'PostgreSQL frozen': [200, 2_500] },
  mayRepeat: false,
  overlap: ['skip', 'queue'],

  async open(instances): Promise<Environment> {
    const server = await PostgresServer.start();
    const proxies = await Promise.all(Array.from({ length: instances }, () => Proxy.to(server.port)));
    return {
      config: { brokerUrl: server.url() },
      urlFor: (slot) => server.url(proxies[slot]!.port),
      affects: (kind) => (kind in NETWORK_FAULTS ? 'instance' : 'server'),
      inject: (kind, slot, duration) =>
        NETWORK_FAULTS[kind]?.(proxies[slot]!, duration) ?? SERVER_FAULTS[kind]!(server, duration),
      readQueue: (queue) => readSqlQueue(server, queue),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
        await server.stop();
      },
    };
  },
};
