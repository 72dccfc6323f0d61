import { BeatError } from '../../util/errors.ts';
import type { Destination } from '../../celery/message/destination.ts';
import type { Exchange, Queue } from '../../celery/routing/queue.ts';
import type { Queues, QueueType } from '../../celery/routing/queues.ts';
import { bindToDelays, declareDelays } from './delayed.ts';
import { declareExchange, declareQueue } from './declare.ts';
import { isPrecondition } from './publish-channel.ts';
import { TimeoutError } from './timeouts.ts';
import { explainDeclaration } from './rejections.ts';
import type { Session } from './session.ts';

export interface DeclareOptions {
  readonly queues: Queues;
  /** `false` if beat must not declare queues and exchanges. */
  readonly declareQueues: boolean;
  /** The type of the queues in which messages wait for their ETA. */
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
    const declaring = session.declareOnce(`queue ${queue.name}`, (channel) =>
      declareQueue(channel, queue),
    );
    const error = await declarationError(session, declaring);
    if (error) return explainDeclaration(queue, error, queues);
  }
  return needed;
}

/**
 * Declares the delay queues and binds these queues to them, under the conditions of Celery. Resolves with `false`
 * if messages cannot wait in RabbitMQ: the worker then holds them until their ETA.
 */
export async function prepareDelays(
  session: Session,
  queuesToBind: readonly Queue[],
  { queues, delayedType }: DeclareOptions,
): Promise<boolean> {
  if (!queues.usesQuorum || queuesToBind.length === 0) return false;
  if (queuesToBind.some(({ broadcast, noDeclare }) => broadcast || noDeclare)) return false;
  const error = await declarationError(
    session,
    session.declareOnce('delays', (channel, onProgress) =>
      declareDelays(channel, delayedType, onProgress),
    ),
  );
  // Delay queues of another type exist: workers declared them.
  if (error && !isPrecondition(error)) return false;
  for (const queue of queuesToBind) {
    const binding = session.declareOnce(`delays ${queue.name}`, (channel) =>
      bindToDelays(channel, queue),
    );
    if (await declarationError(session, binding)) return false;
  }
  return true;
}

/** Declares an exchange. Resolves with the error of RabbitMQ, if any. */
export async function prepareExchange(session: Session, exchange: Exchange): Promise<Error | null> {
  const declaring = session.declareOnce(`exchange ${exchange.name}`, (channel) =>
    declareExchange(channel, exchange),
  );
  return declarationError(session, declaring);
}

/** Resolves with RabbitMQ's error of a declaration, if any; rejects if the connection failed. */
async function declarationError(session: Session, declaring: Promise<void>): Promise<Error | null> {
  try {
    await declaring;
    return null;
  } catch (error) {
    if (!session.usable || error instanceof TimeoutError) throw error;
    return error as Error;
  }
}
