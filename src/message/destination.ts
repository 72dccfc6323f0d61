/** What an exchange does with a message: queues bound by that very key, by a pattern, or all that are bound. */
export type ExchangeType = 'direct' | 'topic' | 'fanout' | 'headers';

/** Where a message goes, in AMQP's terms. Plain data: an outbox keeps it with the message. */
export interface Destination {
  /** The queue that is declared before the message is sent; `null` where queues are others' to make. */
  readonly queue: string | null;
  /** Empty for the anonymous exchange, whose routing keys are the names of queues. */
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  readonly routingKey: string;
}

/** Straight into a queue: what Celery makes of every direct exchange that nobody asked for by name. */
export function toQueue(queue: string): Destination {
  return { queue, exchange: '', exchangeType: 'direct', routingKey: queue };
}

/** Why a message stays, where exchanges are known to each process by its own configuration alone. */
export const NO_QUEUE_BOUND = 'no queue in taskQueues receives it';

/** For a sentence: `queue "celery"`, or `exchange "jobs" (routing key "jobs.work")`. */
export function formatDestination({ exchange, routingKey }: Destination): string {
  if (exchange === '') return `queue "${routingKey}"`;
  return `exchange "${exchange}"${routingKey && ` (routing key "${routingKey}")`}`;
}
