import type { Channel } from 'amqplib';
import type { QueueSettings } from '../config/settings.ts';

export interface QueueRules {
  /** The queue that tasks go to which name none. */
  readonly defaultQueue: string;
  readonly queues: QueueSettings;
}

/** The arguments that Celery's producer declares a queue with. */
export function argumentsOf(queue: string, rules: QueueRules): Record<string, unknown> {
  const { maxPriority, defaultType, missingType } = rules.queues;
  const type = queue === rules.defaultQueue ? defaultType : missingType;
  return {
    ...(maxPriority !== null && { 'x-max-priority': maxPriority }),
    // The other type is what a queue is without a word, and what older servers know no word for.
    ...(type === 'quorum' && { 'x-queue-type': type }),
  };
}

/**
 * Declares a queue as Celery's producer does: the durable queue, bound to a durable direct exchange of
 * its name. Rejects with what RabbitMQ has against it, and the channel is then closed.
 */
export async function declareQueue(channel: Channel, queue: string, rules: QueueRules) {
  await channel.assertExchange(queue, 'direct', { durable: true });
  await channel.assertQueue(queue, { durable: true, arguments: argumentsOf(queue, rules) });
  await channel.bindQueue(queue, queue, queue);
}

const PRECONDITION_FAILED = 406;

/** Why a queue could not be declared, and what to do about it. */
export function explainRefusal(queue: string, error: Error, rules: QueueRules): string {
  const said = serversWords(error);
  if ((error as { code?: unknown }).code !== PRECONDITION_FAILED) {
    return `it cannot be declared: ${said}; "declareQueues: false" leaves that to others`;
  }
  const setting =
    queue === rules.defaultQueue ? 'taskDefaultQueueType' : 'taskCreateMissingQueueType';
  const given = JSON.stringify(argumentsOf(queue, rules));
  return (
    `it cannot be declared with the arguments ${given}: ${said}; set taskQueueMaxPriority and ` +
    `${setting} to what the queue was made with, or "declareQueues: false"`
  );
}

/** What RabbitMQ said, out of what the client library says around it. */
export function serversWords(error: Error): string {
  return /with message "(.*)"$/s.exec(error.message)?.[1] ?? error.message;
}
