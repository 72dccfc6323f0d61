import { formatDestination } from '../message/destination.ts';
import type { Queues } from './queues.ts';
import type { Routed } from './router.ts';

/** A warning about the destination of a task; `option` is its cause. */
export interface RoutingWarning {
  readonly option: 'exchange' | 'routingKey' | null;
  readonly message: string;
}

/** Finds options that Celery's rule ignores, and messages without a queue. */
export function findRoutingWarnings(
  { destination, options }: Routed,
  queues: Queues,
): RoutingWarning[] {
  const { queue, exchange, routingKey } = options;
  if (destination.exchange === '') {
    // An explicit queue takes precedence.
    if (queue !== undefined || (!exchange && !routingKey)) return [];
    const lacks = exchange ? 'without a routing key' : 'without an exchange';
    const message = `${IGNORED} ${lacks}; the task goes to ${formatDestination(destination)}`;
    return [{ option: exchange ? 'exchange' : 'routingKey', message }];
  }
  // Workers bind their own queues to a fanout exchange.
  if (destination.exchangeType === 'fanout' || queues.queuesFor(destination).length > 0) return [];
  const message =
    `no queue in taskQueues is bound to the ${formatDestination(destination)}: ` +
    'messages are held back until a worker binds one';
  return [{ option: exchange ? 'exchange' : null, message }];
}

const IGNORED = 'ignored, as in Celery: a direct exchange';
