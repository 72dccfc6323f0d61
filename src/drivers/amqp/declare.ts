import type { Channel } from 'amqplib';
import type { Exchange, Queue } from '../../celery/routing/queue.ts';

/** Declares an exchange, unless it has `noDeclare`. Rejects like `declareQueue`. */
export async function declareExchange(channel: Channel, exchange: Exchange): Promise<void> {
  const { name, type, durable, autoDelete, noDeclare } = exchange;
  if (noDeclare || name === '') return;
  await channel.assertExchange(name, type, { durable, autoDelete, arguments: exchange.arguments });
}

/**
 * Declares a queue with its exchanges and bindings, as Celery's producer does. For a broadcast or exclusive queue it
 * declares only the exchanges. Rejects with RabbitMQ's error, which also closes the channel.
 */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  const { name, bindings, durable, exclusive, autoDelete, broadcast, noDeclare } = queue;
  if (noDeclare) return;
  for (const { exchange } of bindings) await declareExchange(channel, exchange);
  // An exclusive queue would be accessible only to beat's connection.
  if (broadcast || exclusive) return;
  await channel.assertQueue(name, { durable, autoDelete, arguments: queue.arguments });
  for (const { exchange, routingKey, arguments: matching } of bindings) {
    // Every queue is bound to the anonymous exchange implicitly; RabbitMQ rejects an explicit binding.
    if (exchange.name !== '') await channel.bindQueue(name, exchange.name, routingKey, matching);
  }
}
