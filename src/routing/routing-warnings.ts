import { formatDestination } from '../message/destination.ts';
import type { Queues } from './queues.ts';
import type { Routed } from './router.ts';

/** Something about where a task goes that its user should know: of which option, and what. */
export interface RoutingWarning {
  readonly option: 'exchange' | 'routingKey' | null;
  readonly message: string;
}

/** Options that Celery's rule leaves out, and a message that no queue would receive. */
export function findRoutingWarnings(
  { destination, options }: Routed,
  queues: Queues,
): RoutingWarning[] {
  const { queue, exchange, routingKey } = options;
  if (destination.exchange === '') {
    // Whoever names the queue means it, whatever else is said.
    if (queue !== undefined || (!exchange && !routingKey)) return [];
    const lacks = exchange ? 'without a routing key' : 'without an exchange';
    const message = `${LEFT_OUT} ${lacks}; the task goes to ${formatDestination(destination)}`;
    return [{ option: exchange ? 'exchange' : 'routingKey', message }];
  }
  // Who listens to a fanout exchange is the workers' business.
  if (destination.exchangeType === 'fanout' || queues.queuesFor(destination).length > 0) return [];
  const message =
    `no queue in taskQueues is bound to the ${formatDestination(destination)}: ` +
    'the task waits here until a worker has bound one';
  return [{ option: exchange ? 'exchange' : null, message }];
}

const LEFT_OUT = 'left out, as in Celery: of a direct exchange';
