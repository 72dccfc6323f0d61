import { setTimeout as delay } from 'node:timers/promises';
import { Proxy } from '../test/support/proxy.ts';
import { queuedInRedis } from '../test/support/queues.ts';
import { RedisServer } from '../test/support/redis.ts';
import type { Ground, Place } from './ground.ts';
import { QUEUES } from './scenario.ts';

interface Wired {
  readonly server: RedisServer;
  readonly wire: Proxy;
}

type Strike = (at: Wired, lasts: number) => Promise<void>;

/** What can happen between one beat and Redis. */
const TO_WIRE: Record<string, Strike> = {
  'network cut': async ({ wire }, lasts) => {
    wire.refuse();
    await delay(lasts);
    wire.accept();
  },
  'held up': async ({ wire }, lasts) => {
    wire.stall();
    await delay(lasts);
    wire.flow();
  },
  'answers lost': async ({ wire }, lasts) => {
    void wire.swallowAnswers();
    await delay(lasts);
    wire.cut();
  },
  slow: async ({ wire }, lasts) => {
    // From hardly felt to longer than an answer is waited for.
    wire.latency = 20 + (lasts % 700);
    await delay(lasts);
    wire.latency = 0;
  },
};

/** What can happen to Redis. */
const TO_SERVER: Record<string, Strike> = {
  'Redis restarted': async ({ server }, lasts) => {
    await server.kill();
    await delay(lasts);
    await server.start();
  },
  'Redis frozen': async ({ server }, lasts) => {
    server.freeze();
    await delay(lasts);
    server.thaw();
  },
};

/** A Redis that keeps all it has acknowledged, and a wire of its own to each beat. */
export const redisPlace: Place = {
  kinds: {
    'network cut': [200, 3_500],
    'held up': [200, 3_500],
    'answers lost': [100, 1_500],
    slow: [500, 3_000],
    'Redis restarted': [0, 2_500],
    'Redis frozen': [200, 2_500],
  },
  repeats: false,

  async open(beats): Promise<Ground> {
    const server = await RedisServer.start({ appendOnly: true });
    const wires = await Promise.all(Array.from({ length: beats }, () => Proxy.to(server.port)));
    return {
      config: { brokerUrl: server.url() },
      urlFor: (slot) => `redis://127.0.0.1:${wires[slot]!.port}/0`,
      hits: (kind) => (kind in TO_WIRE ? 'one' : 'all'),
      strike: (kind, slot, lasts) =>
        (TO_WIRE[kind] ?? TO_SERVER[kind]!)({ server, wire: wires[slot]! }, lasts),
      queued: () => Promise.all(QUEUES.map((queue) => queuedInRedis(server.client, queue))),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(wires.map((wire) => wire[Symbol.asyncDispose]()));
        await server.stop();
      },
    };
  },
};
