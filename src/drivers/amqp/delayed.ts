/**
 * Celery's native delayed delivery. A worker holds a task until its ETA, and so blocks a quorum queue,
 * which knows no limit for all of a worker's queues together. So from Celery 5.5 on, where a quorum queue
 * is configured, a task with an ETA waits in RabbitMQ: 28 queues, each with a time to live of 2^n seconds,
 * one behind the other, and the binary digits of the delay, in front of the routing key, say which of
 * them it passes through.
 *
 * Workers make that topology when they start, and a message for it is lost before any did. So it is made
 * here as well, by the same names and arguments.
 */
import type { Channel } from 'amqplib';
import type { Message } from '../../message/message.ts';
import type { Destination } from '../../message/destination.ts';
import type { Queue } from '../../routing/queue.ts';
import type { QueueType } from '../../routing/queues.ts';

const LEVELS = 28;
const DELIVERY = 'celery_delayed_delivery';

const levelName = (level: number) => `celery_delayed_${level}`;

/**
 * Where the message waits for its ETA; `null` for one that has none, has it within a second, or goes to a
 * direct exchange, which could not match the longer routing key. `now` is in epoch milliseconds.
 */
export function waitingPlaceOf({ headers, destination }: Message, now: number): Destination | null {
  if (destination.exchangeType === 'direct' || destination.routingKey === '') return null;
  const seconds = Math.floor((instantOf(headers['eta']) - now) / 1_000);
  if (!(seconds >= 1 && seconds < 2 ** LEVELS)) return null;
  const digits = Array.from(seconds.toString(2).padStart(LEVELS, '0')).join('.');
  return {
    queue: destination.queue,
    exchange: levelName(LEVELS - 1),
    exchangeType: 'topic',
    routingKey: `${digits}.${destination.routingKey}`,
  };
}

/** Epoch milliseconds; `NaN` for none. As workers do, it takes an instant without an offset for UTC. */
function instantOf(eta: unknown): number {
  if (typeof eta !== 'string') return NaN;
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(eta) ? eta : `${eta}Z`);
}

/** Rejects with what RabbitMQ has against it, and the channel is then closed. */
export async function declareDelays(
  channel: Channel,
  type: QueueType,
  heard: () => void,
): Promise<void> {
  const topic = (name: string) => channel.assertExchange(name, 'topic', { durable: true });
  // From the last level on: each leads to the one below it.
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
    heard();
  }
}

/** Binds a queue so that what has waited comes to it: by its routing key behind any digits. */
export async function bindToDelays(channel: Channel, { name, bindings }: Queue): Promise<void> {
  for (const { exchange, routingKey } of bindings) {
    if (exchange.type === 'direct') continue;
    const key = routingKey.startsWith('#') ? routingKey : `#.${routingKey}`;
    await channel.bindExchange(exchange.name, DELIVERY, key);
    await channel.bindQueue(name, exchange.name, key);
  }
}
