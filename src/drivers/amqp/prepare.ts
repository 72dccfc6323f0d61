import { BeatError } from '../../util/errors.ts';
import type { Destination } from '../../message/destination.ts';
import type { Exchange, Queue } from '../../routing/queue.ts';
import type { Queues, QueueType } from '../../routing/queues.ts';
import { bindToDelays, declareDelays } from './delayed.ts';
import { declareExchange, declareQueue } from './declare.ts';
import { isPrecondition } from './lane.ts';
import { Silence } from './patience.ts';
import { explainDeclaration } from './refusals.ts';
import type { Session } from './session.ts';

export interface Rules {
  readonly queues: Queues;
  /** `false` leaves queues and exchanges to others. */
  readonly declareQueues: boolean;
  /** Of the queues in which messages wait for their ETA. */
  readonly delayedType: QueueType;
}

/** Declares the queues that get what is sent there. Resolves with them, or with why one of them cannot be. */
export async function prepareQueues(
  session: Session,
  destination: Destination,
  { queues, declareQueues }: Rules,
): Promise<readonly Queue[] | string> {
  if (!declareQueues) return [];
  let wanted: readonly Queue[];
  try {
    wanted = queues.declaredFor(destination);
  } catch (error) {
    // The message was kept since the configuration was another.
    if (error instanceof BeatError) return error.message;
    throw error;
  }
  for (const queue of wanted) {
    const declaring = session.once(`queue ${queue.name}`, (open) => declareQueue(open, queue));
    const error = await objection(session, declaring);
    if (error) return explainDeclaration(queue, error, queues);
  }
  return wanted;
}

/**
 * Makes ready for messages to these queues to wait in RabbitMQ, where Celery has them wait. `false` where
 * that cannot be: the worker then holds them until their ETA.
 */
export async function prepareDelays(
  session: Session,
  wanted: readonly Queue[],
  { queues, delayedType }: Rules,
): Promise<boolean> {
  if (!queues.usesQuorum || wanted.length === 0) return false;
  if (wanted.some(({ broadcast, noDeclare }) => broadcast || noDeclare)) return false;
  const error = await objection(
    session,
    session.once('delays', (open, heard) => declareDelays(open, delayedType, heard)),
  );
  // Made otherwise is made: by workers that have another type for it.
  if (error && !isPrecondition(error)) return false;
  for (const queue of wanted) {
    const binding = session.once(`delays ${queue.name}`, (open) => bindToDelays(open, queue));
    if (await objection(session, binding)) return false;
  }
  return true;
}

/** Declares an exchange; resolves with what RabbitMQ has against it. */
export async function prepareExchange(session: Session, exchange: Exchange): Promise<Error | null> {
  const declaring = session.once(`exchange ${exchange.name}`, (open) =>
    declareExchange(open, exchange),
  );
  return objection(session, declaring);
}

/** What RabbitMQ has against a declaration; rejects when it is the connection that failed. */
async function objection(session: Session, declaring: Promise<void>): Promise<Error | null> {
  try {
    await declaring;
    return null;
  } catch (error) {
    if (!session.usable || error instanceof Silence) throw error;
    return error as Error;
  }
}
