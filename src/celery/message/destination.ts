/** How an exchange routes: by an equal key, by a pattern, to all bound queues, or by headers. */
export type ExchangeType = 'direct' | 'topic' | 'fanout' | 'headers';

/** The destination of a message in AMQP terms. Plain data, because the outbox stores it with the message. */
export interface Destination {
  /** The queue that is declared before the message is published; `null` if beat declares none. */
  readonly queue: string | null;
  /** Empty for the anonymous exchange, whose routing keys are the names of queues. */
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  readonly routingKey: string;
}

/** The destination of a queue through the anonymous exchange, as Celery uses for direct exchanges. */
export function toQueue(queue: string): Destination {
  return { queue, exchange: '', exchangeType: 'direct', routingKey: queue };
}

/** The reason of a rejected message on brokers where only the configuration knows the bindings. */
export const NO_QUEUE_BOUND = 'no queue in taskQueues is bound to it';

/** Formats as `queue "celery"`, or `exchange "jobs" (routing key "jobs.work")`. */
export function formatDestination({ exchange, routingKey }: Destination): string {
  if (exchange === '') return `queue "${routingKey}"`;
  return `exchange "${exchange}"${routingKey && ` (routing key "${routingKey}")`}`;
}
