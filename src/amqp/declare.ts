import type { Channel } from 'amqplib';
import type { ExchangeType } from '../routing/destination.ts';
import type { Queue } from '../routing/queue.ts';

export interface Exchange {
  readonly name: string;
  readonly type: ExchangeType;
}

/** Declares an exchange as Celery does: durable. Rejects like `declareQueue`. */
export async function declareExchange(channel: Channel, { name, type }: Exchange): Promise<void> {
  await channel.assertExchange(name, type, { durable: true });
}

/**
 * Declares a queue as Celery's producer does: durable, and bound to its durable exchange. Rejects with
 * what RabbitMQ has against it, and the channel is then closed.
 */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  const { name, bindings, durable, exclusive, autoDelete } = queue;
  for (const { exchange } of bindings) await declareExchange(channel, exchange);
  const options = { durable, exclusive, autoDelete, arguments: queue.arguments };
  await channel.assertQueue(name, options);
  for (const { exchange, routingKey, arguments: matching } of bindings) {
    await channel.bindQueue(name, exchange.name, routingKey, matching);
  }
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
