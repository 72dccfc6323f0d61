import type { Channel } from 'amqplib';
import { BeatError } from '../../util/errors.ts';
import type { Destination } from '../../celery/message/destination.ts';
import type { Exchange, Queue } from '../../celery/routing/queue.ts';
import type { Queues, QueueType } from '../../celery/routing/queues.ts';
import { bindToDelays, declareDelays } from './delayed.ts';
import { isPrecondition } from './publish-channel.ts';
import { TimeoutError } from './timeouts.ts';
import { explainDeclaration } from './rejections.ts';
import type { Declare, Session } from './session.ts';

export interface DeclareOptions {
  readonly queues: Queues;
  /** `false` if beat must not declare queues and exchanges. */
  readonly declareQueues: boolean;
  readonly delayedType: QueueType;
}

/** Declares the queues of a destination. Resolves with them, or with the reason why one cannot be declared. */
export async function prepareQueues(
  session: Session,
  destination: Destination,
  { queues, declareQueues }: DeclareOptions,
): Promise<readonly Queue[] | string> {
  if (!declareQueues) return [];
  let needed: readonly Queue[];
  try {
    needed = queues.declaredFor(destination);
  } catch (error) {
    // A message of the outbox may be older than the configuration.
    if (error instanceof BeatError) return error.message;
    throw error;
  }
  for (const queue of needed) {
    const error = await tryDeclare(session, `queue ${queue.name}`, (channel) => declareQueue(channel, queue));
    if (error) return explainDeclaration(queue, error, queues);
  }
  return needed;
}

/** Declares delay queues and binds these queues to them, if Celery does. `false`: the worker holds messages. */
export async function prepareDelays(
  session: Session,
  queuesToBind: readonly Queue[],
  { queues, delayedType }: DeclareOptions,
): Promise<boolean> {
  if (!queues.usesQuorum || queuesToBind.length === 0) return false;
  if (queuesToBind.some(({ broadcast, noDeclare }) => broadcast || noDeclare)) return false;
  const declare: Declare = (channel, onProgress) => declareDelays(channel, delayedType, onProgress);
  const error = await tryDeclare(session, 'delays', declare);
  // Delay queues of another type exist: workers declared them.
  if (error && !isPrecondition(error)) return false;
  for (const queue of queuesToBind) {
    const bind = (channel: Channel) => bindToDelays(channel, queue);
    if (await tryDeclare(session, `delays ${queue.name}`, bind)) return false;
  }
  return true;
}

/** Declares an exchange. Resolves with the error of RabbitMQ, if any. */
export function prepareExchange(session: Session, exchange: Exchange): Promise<Error | null> {
  return tryDeclare(session, `exchange ${exchange.name}`, (channel) => declareExchange(channel, exchange));
}

/** Resolves with RabbitMQ's error of a declaration, if any; rejects if the connection failed. */
async function tryDeclare(session: Session, name: string, declare: Declare): Promise<Error | null> {
  try {
    await session.declareOnce(name, declare);
    return null;
  } catch (error) {
    if (!session.usable || error instanceof TimeoutError) throw error;
    return error as Error;
  }
}

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
  // If beat declared an exclusive queue, only its own connection could use the queue.
  if (broadcast || exclusive) return;
  await channel.assertQueue(name, { durable, autoDelete, arguments: queue.arguments });
  for (const { exchange, routingKey, arguments: matching } of bindings) {
    // Every queue is bound to the anonymous exchange implicitly; RabbitMQ rejects an explicit binding.
    if (exchange.name !== '') await channel.bindQueue(name, exchange.name, routingKey, matching);
  }
}
