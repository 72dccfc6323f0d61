/**
 * The names under which kombu's Redis transport keeps queues. Workers look there and nowhere else, so
 * these must equal kombu's to the byte. None of them includes the key prefix that a user may set.
 */
import type { TransportOptions } from '../config/settings.ts';

type Naming = Pick<TransportOptions, 'sep' | 'prioritySteps'>;

/** The list that holds the messages of a queue that have this priority. */
export function listKey(queue: string, priority: number, { sep, prioritySteps }: Naming): string {
  const step = priorityStep(priority, prioritySteps);
  return step === 0 ? queue : `${queue}${sep}${step}`;
}

/**
 * The greatest step that is not above the priority. A priority below all steps gets the last of them,
 * as in kombu: a worker reads no list but those of the steps.
 */
function priorityStep(priority: number, steps: readonly number[]): number {
  const clamped = Math.min(Math.max(priority, 0), 9);
  return steps.findLast((step) => step <= clamped) ?? steps.at(-1) ?? 0;
}

/** The set of an exchange's bindings. Celery's direct exchanges bear the name of their queue. */
export function bindingKey(exchange: string): string {
  return `_kombu.binding.${exchange}`;
}

/** How a queue is bound to the direct exchange of its name: routing key, pattern (none), queue. */
export function bindingMember(queue: string, sep: string): string {
  return `${queue}${sep}${sep}${queue}`;
}

/** The channel on which a fanout exchange of this database is told. */
export function channelName(exchange: string, routingKey: string, database: number): string {
  return `/${database}.${exchange}${routingKey && `/${routingKey}`}`;
}
