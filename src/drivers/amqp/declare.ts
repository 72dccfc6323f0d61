import type { Channel } from 'amqplib';
import type { Exchange, Queue } from '../../routing/queue.ts';

/** Declares an exchange, unless others do. Rejects like `declareQueue`. */
export async function declareExchange(channel: Channel, exchange: Exchange): Promise<void> {
  const { name, type, durable, autoDelete, noDeclare } = exchange;
  if (noDeclare || name === '') return;
  await channel.assertExchange(name, type, { durable, autoDelete, arguments: exchange.arguments });
}

/**
 * Declares a queue as Celery's producer does, with the exchanges that it is bound to; of one that belongs
 * to each worker the exchanges alone. Rejects with what RabbitMQ has against it, and the channel is then
 * closed.
 */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  const { name, bindings, durable, exclusive, autoDelete, broadcast, noDeclare } = queue;
  if (noDeclare) return;
  for (const { exchange } of bindings) await declareExchange(channel, exchange);
  // Whoever declares an exclusive queue keeps all others from it.
  if (broadcast || exclusive) return;
  await channel.assertQueue(name, { durable, autoDelete, arguments: queue.arguments });
  for (const { exchange, routingKey, arguments: matching } of bindings) {
    // Every queue is bound to the anonymous exchange, and none may be.
    if (exchange.name !== '') await channel.bindQueue(name, exchange.name, routingKey, matching);
  }
}
