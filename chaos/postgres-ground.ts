import { PostgresServer } from '../test/support/postgres.ts';
import { Proxy } from '../test/support/proxy.ts';
import { readSqlQueue } from '../test/support/queues.ts';
import type { Ground, Place } from './ground.ts';
import { QUEUES } from './scenario.ts';
import { freeze, restart, TO_WIRE, WIRE_KINDS } from './wires.ts';

/** What can happen to PostgreSQL. */
const TO_SERVER: Record<string, typeof restart> = {
  'PostgreSQL restarted': restart,
  'PostgreSQL frozen': freeze,
};

/** A PostgreSQL with a wire of its own to each beat. */
export const postgresPlace: Place = {
  kinds: { ...WIRE_KINDS, 'PostgreSQL restarted': [0, 2_500], 'PostgreSQL frozen': [200, 2_500] },
  repeats: false,

  async open(beats): Promise<Ground> {
    const server = await PostgresServer.start();
    const wires = await Promise.all(Array.from({ length: beats }, () => Proxy.to(server.port)));
    return {
      config: { brokerUrl: server.url() },
      urlFor: (slot) => server.url(wires[slot]!.port),
      hits: (kind) => (kind in TO_WIRE ? 'one' : 'all'),
      strike: (kind, slot, lasts) =>
        TO_WIRE[kind]?.(wires[slot]!, lasts) ?? TO_SERVER[kind]!(server, lasts),
      queued: () => Promise.all(QUEUES.map((queue) => readSqlQueue(server, queue))),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(wires.map((wire) => wire[Symbol.asyncDispose]()));
        await server.stop();
      },
    };
  },
};
