/**
 * Celery's native delayed delivery. A worker holds a task with an ETA until that time, and so blocks a quorum queue,
 * which has no global prefetch limit. From Celery 5.5 on, if a quorum queue is configured, such a task waits in
 * RabbitMQ instead: 28 chained queues have a time to live of 2^n seconds each, and the binary digits of the delay,
 * before the routing key, select the queues that the message passes through.
 *
 * Workers declare this topology when they start; before that, its messages would be lost. Therefore beat declares it
 * too, with the same names and arguments.
 */
import type { Channel } from 'amqplib';
import type { Message } from '../../celery/message/message.ts';
import type { Destination } from '../../celery/message/destination.ts';
import type { Queue } from '../../celery/routing/queue.ts';
import type { QueueType } from '../../celery/routing/queues.ts';

const LEVELS = 28;
const DELIVERY = 'celery_delayed_delivery';

const levelName = (level: number) => `celery_delayed_${level}`;

/**
 * The destination where a message waits for its ETA. `null` if the message has no ETA, has one within a second, or goes
 * to a direct exchange, which cannot match the longer routing key. `now` is in epoch milliseconds.
 */
export function delayedDestination({ headers, destination }: Message, now: number): Destination | null {
  if (destination.exchangeType === 'direct' || destination.routingKey === '') return null;
  const { eta } = headers;
  if (typeof eta !== 'string') return null;
  // An instant without an offset is in UTC, as for workers.
  const at = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(eta) ? eta : `${eta}Z`);
  const seconds = Math.floor((at - now) / 1_000);
  if (!(seconds >= 1 && seconds < 2 ** LEVELS)) return null;
  const digits = Array.from(seconds.toString(2).padStart(LEVELS, '0')).join('.');
  return {
    queue: destination.queue,
    exchange: levelName(LEVELS - 1),
    exchangeType: 'topic',
    routingKey: `${digits}.${destination.routingKey}`,
  };
}

/** Declares the delay queues. Rejects with RabbitMQ's error, which also closes the channel. */
export async function declareDelays(channel: Channel, type: QueueType, onProgress: () => void): Promise<void> {
  const topic = (name: string) => channel.assertExchange(name, 'topic', { durable: true });
  // From the last exchange up, because each level is bound to the one below it.
  await topic(DELIVERY);
  for (let level = 0; level < LEVELS; level++) {
    const name = levelName(level);
    const below = level > 0 ? levelName(level - 1) : DELIVERY;
    const any = '*.'.repeat(LEVELS - 1 - level);
    await topic(name);
    await channel.assertQueue(name, {
      durable: true,
      arguments: {
        'x-queue-type': type,
        'x-overflow': 'reject-publish',
        'x-message-ttl': 2 ** level * 1_000,
        'x-dead-letter-exchange': below,
        ...(type === 'quorum' && { 'x-dead-letter-strategy': 'at-least-once' }),
      },
    });
    await channel.bindQueue(name, name, `${any}1.#`);
    await channel.bindExchange(below, name, `${any}0.#`);
    onProgress();
  }
}

/** Binds a queue to the delayed messages: by its routing key after any digits. */
export async function bindToDelays(channel: Channel, { name, bindings }: Queue): Promise<void> {
  for (const { exchange, routingKey } of bindings) {
    if (exchange.type === 'direct') continue;
    const key = routingKey.startsWith('#') ? routingKey : `#.${routingKey}`;
    await channel.bindExchange(exchange.name, DELIVERY, key);
    await channel.bindQueue(name, exchange.name, key);
  }
}
