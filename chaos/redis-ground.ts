import { Proxy } from '../test/support/proxy.ts';
import { readRedisQueue } from '../test/support/queues.ts';
import { RedisServer } from '../test/support/redis.ts';
import type { Ground, Place } from './ground.ts';
import { QUEUES } from './scenario.ts';
import { freeze, restart, TO_WIRE, WIRE_KINDS } from './wires.ts';

/** What can happen to Redis. */
const TO_SERVER: Record<string, typeof restart> = {
  'Redis restarted': restart,
  'Redis frozen': freeze,
};

/** A Redis that keeps all it has acknowledged, and a wire of its own to each beat. */
export const redisPlace: Place = {
  kinds: { ...WIRE_KINDS, 'Redis restarted': [0, 2_500], 'Redis frozen': [200, 2_500] },
  repeats: false,

  async open(beats): Promise<Ground> {
    const server = await RedisServer.start({ appendOnly: true });
    const wires = await Promise.all(Array.from({ length: beats }, () => Proxy.to(server.port)));
    return {
      config: { brokerUrl: server.url() },
      urlFor: (slot) => `redis://127.0.0.1:${wires[slot]!.port}/0`,
      hits: (kind) => (kind in TO_WIRE ? 'one' : 'all'),
      strike: (kind, slot, lasts) =>
        TO_WIRE[kind]?.(wires[slot]!, lasts) ?? TO_SERVER[kind]!(server, lasts),
      queued: () => Promise.all(QUEUES.map((queue) => readRedisQueue(server.client, queue))),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(wires.map((wire) => wire[Symbol.asyncDispose]()));
        await server.stop();
      },
    };
  },
};
