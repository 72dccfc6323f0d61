import type { Destination, ExchangeType } from '../../src/celery/message/destination.ts';
import { createExchange, createQueue, type Queue } from '../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../src/celery/routing/queues.ts';

/** Returns a queue that is bound to an exchange, and to others with the same routing key. */
export function makeBoundQueue(
  name: string,
  exchange: string,
  type: ExchangeType,
  key: string,
  others: readonly string[] = [],
): Queue {
  const queue = createQueue(name, createExchange(exchange, type), key);
  const further = others.map((other) => ({ exchange: createExchange(other, type), routingKey: key, arguments: {} }));
  return { ...queue, bindings: [...queue.bindings, ...further] as Queue['bindings'] };
}

/** Returns the queues of a configuration. */
export function configureQueues(...queues: readonly Queue[]): Queues {
  return new Queues({ ...DEFAULT_RULES, configured: queues });
}

/** Returns the destination of a message that names an exchange. */
export function toExchange(
  exchange: string,
  exchangeType: ExchangeType,
  routingKey: string,
  queue: string | null = null,
): Destination {
  return { queue, exchange, exchangeType, routingKey };
}
