import { randomUUID } from 'node:crypto';
import type { EventStream, EventStreamOptions } from '../../contracts/broker/event-stream.ts';
import { Cluster } from './cluster.ts';
import { consumeTransient, type TransientQueue } from './transient-queue.ts';

/** As Celery declares the queue of a receiver of events. Milliseconds. */
const MESSAGE_TTL = 5_000;
const QUEUE_EXPIRES = 60_000;

/** Consumes a queue of its own, bound to all events of tasks; those of workers have other routing keys. */
export function openAmqpEventStream(options: EventStreamOptions): EventStream {
  const { exchange, queuePrefix } = options;
  let cluster: Cluster | null = null;
  return {
    async follow(following) {
      const own = (cluster = new Cluster('task-events', options));
      const queue: TransientQueue = {
        name: `${queuePrefix}.${randomUUID()}`,
        exchange: { name: exchange, type: 'topic', options: { durable: true } },
        ...{ bindingKey: 'task.#', messageTtl: MESSAGE_TTL, expires: QUEUE_EXPIRES },
      };
      try {
        await consumeTransient(own, queue, following);
      } finally {
        await own.close();
      }
    },
    close: async () => cluster?.close(),
  };
}
