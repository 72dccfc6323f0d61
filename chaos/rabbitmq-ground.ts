import { Proxy } from '../test/support/proxy.ts';
import { consumeRabbitQueue } from '../test/support/queues.ts';
import { RabbitServer } from '../test/support/rabbitmq.ts';
import { RedisServer } from '../test/support/redis.ts';
import type { Ground, Place } from './ground.ts';
import { QUEUES } from './scenario.ts';
import { freeze, restart, TO_WIRE, WIRE_KINDS, type Server } from './wires.ts';

/** What can happen to RabbitMQ, and to the Redis that has lock, ledger and outbox. */
const TO_SERVERS: Record<string, [of: 'broker' | 'ledger', strike: typeof restart]> = {
  'RabbitMQ restarted': ['broker', restart],
  'RabbitMQ frozen': ['broker', freeze],
  'ledger restarted': ['ledger', restart],
  'ledger frozen': ['ledger', freeze],
};

/** Servers that no run uses: to start one takes longer than a run. */
const idle: RabbitServer[] = [];

/** A RabbitMQ with a wire of its own to each beat, and a Redis for the ledger. */
export const rabbitmqPlace: Place = {
  kinds: {
    ...WIRE_KINDS,
    'RabbitMQ restarted': [0, 1_000],
    'RabbitMQ frozen': [200, 2_500],
    'ledger restarted': [0, 2_500],
    'ledger frozen': [200, 2_500],
  },
  repeats: true,

  async open(beats): Promise<Ground> {
    const broker = idle.pop() ?? (await RabbitServer.start());
    const ledger = await RedisServer.start({ appendOnly: true });
    const wires = await Promise.all(Array.from({ length: beats }, () => Proxy.to(broker.port)));
    const servers: Record<'broker' | 'ledger', Server> = { broker, ledger };
    const queued = () => Promise.all(QUEUES.map((queue) => consumeRabbitQueue(broker, queue)));
    return {
      config: { brokerUrl: broker.url(), stateUrl: ledger.url() },
      urlFor: (slot) => broker.url(wires[slot]!.port),
      hits: (kind) => (kind in TO_WIRE ? 'one' : 'all'),
      strike: async (kind, slot, lasts) => {
        const [of, strike] = TO_SERVERS[kind] ?? [];
        if (of && strike) await strike(servers[of], lasts);
        else await TO_WIRE[kind]!(wires[slot]!, lasts);
      },
      queued,
      [Symbol.asyncDispose]: async () => {
        await Promise.all(wires.map((wire) => wire[Symbol.asyncDispose]()));
        await ledger.stop();
        // Nothing of this run may be found by the next.
        await queued();
        idle.push(broker);
      },
    };
  },

  async close() {
    await Promise.all(idle.splice(0).map((server) => server.stop()));
  },
};
