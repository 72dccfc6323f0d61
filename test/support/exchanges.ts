import type { Destination, ExchangeType } from '../../src/message/destination.ts';
import { exchangeOf, queueOf, type Queue } from '../../src/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../src/routing/queues.ts';

/** A queue that is bound to an exchange, and to others by the same key. */
export function makeBoundQueue(
  name: string,
  exchange: string,
  type: ExchangeType,
  key: string,
  others: readonly string[] = [],
): Queue {
  const queue = queueOf(name, exchangeOf(exchange, type), key);
  const further = others.map((other) => ({
    ...{ exchange: exchangeOf(other, type), routingKey: key, arguments: {} },
  }));
  return { ...queue, bindings: [...queue.bindings, ...further] as Queue['bindings'] };
}

/** Queues as a configuration describes them. */
export function configureQueues(...queues: readonly Queue[]): Queues {
  return new Queues({ ...DEFAULT_RULES, described: queues });
}

/** Where a message goes that asks for an exchange by name. */
export function toExchange(
  exchange: string,
  exchangeType: ExchangeType,
  routingKey: string,
  queue: string | null = null,
): Destination {
  return { queue, exchange, exchangeType, routingKey };
}
