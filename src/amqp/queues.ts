import type { Channel } from 'amqplib';
import type { Queue } from '../routing/queue.ts';

/**
 * Declares a queue as Celery's producer does: durable, and bound to its durable exchange. Rejects with
 * what RabbitMQ has against it, and the channel is then closed.
 */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  const { name, exchange, exchangeType, routingKey } = queue;
  await channel.assertExchange(exchange, exchangeType, { durable: true });
  await channel.assertQueue(name, { durable: true, arguments: queue.arguments });
  await channel.bindQueue(name, exchange, routingKey);
}

const PRECONDITION_FAILED = 406;

/** Why a queue could not be declared, and what to do about it. */
export function explainRefusal(queue: Queue, error: Error, isDefault: boolean): string {
  const said = serversWords(error);
  if ((error as { code?: unknown }).code !== PRECONDITION_FAILED) {
    return `it cannot be declared: ${said}; "declareQueues: false" leaves that to others`;
  }
  const setting = isDefault ? 'taskDefaultQueueType' : 'taskCreateMissingQueueType';
  const given = JSON.stringify(queue.arguments);
  return (
    `it cannot be declared with the arguments ${given}: ${said}; set taskQueueMaxPriority and ` +
    `${setting} to what the queue was made with, or "declareQueues: false"`
  );
}

/** What RabbitMQ said, out of what the client library says around it. */
export function serversWords(error: Error): string {
  return /with message "(.*)"$/s.exec(error.message)?.[1] ?? error.message;
}
