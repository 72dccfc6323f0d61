import type { Refusal } from '../broker/broker.ts';
import { StoreError } from '../errors.ts';
import type { Message } from '../message/message.ts';
import type { Destination } from '../routing/destination.ts';
import type { Queues } from '../routing/queues.ts';
import { isMissing, type Fate } from './lane.ts';
import { Silence } from './patience.ts';
import { explainRefusal, serversWords } from './queues.ts';
import type { Session } from './session.ts';

export interface Declaring {
  readonly queues: Queues;
  /** `false` leaves queues and exchanges to others. */
  readonly declareQueues: boolean;
}

/**
 * Sends messages, after their queues were declared. Resolves with what RabbitMQ would not have, once all
 * else is in its queue; rejects when that cannot be known.
 */
export async function deliver(
  session: Session,
  messages: readonly Message[],
  declaring: Declaring,
): Promise<readonly Refusal[]> {
  const [welcome, refused] = await declareFor(session, messages, declaring);
  const returned: Message[] = [];
  (await session.send(welcome)).forEach((fate, i) => {
    const message = welcome[i]!;
    const ours = declaring.declareQueues && message.destination.queue !== null;
    if (fate === 'unroutable' && ours) returned.push(message);
    else if (fate !== 'taken') refused.push({ message, reason: reasonOf(fate, message) });
  });
  if (returned.length === 0) return refused;

  // Somebody deleted a queue that this connection had declared.
  for (const { destination } of returned) session.forget(destination.queue!);
  const [again, lost] = await declareFor(session, returned, declaring);
  (await session.send(again)).forEach((fate, i) => {
    const message = again[i]!;
    if (fate !== 'taken') lost.push({ message, reason: reasonOf(fate, message) });
  });
  return [...refused, ...lost];
}

/** Sends messages that nobody need to want. Rejects with a `StoreError` when RabbitMQ would not have some. */
export async function announce(
  session: Session,
  messages: readonly Message[],
  { declareQueues }: Declaring,
): Promise<void> {
  const exchanges = new Map(
    messages.map(({ destination }) => [destination.exchange, destination.exchangeType]),
  );
  for (const [name, type] of declareQueues ? exchanges : []) {
    const error = await objection(session, session.declareExchange({ name, type }));
    if (error) throw unheard(`exchange "${name}" cannot be declared`, error);
  }
  const fates = await session.send(messages, false);
  for (const fate of fates) {
    // To an exchange that nobody has made nobody listens.
    if (fate instanceof Error && !isMissing(fate)) throw unheard('RabbitMQ refused', fate);
  }
}

function unheard(what: string, cause: Error): StoreError {
  return new StoreError(`broker.announce: ${what}: ${serversWords(cause)}`, { cause });
}

/** Those whose queue is declared, and those whose queue RabbitMQ will not have so. */
async function declareFor(
  session: Session,
  messages: readonly Message[],
  { queues, declareQueues }: Declaring,
): Promise<[welcome: readonly Message[], refused: Refusal[]]> {
  const reasons = new Map<string | null, string>();
  const names = new Set(messages.map(({ destination }) => destination.queue));
  for (const name of declareQueues ? names : []) {
    if (name === null) continue;
    const queue = queues.get(name);
    const error = await objection(session, session.declareQueue(queue));
    if (error) reasons.set(name, explainRefusal(queue, error, queue === queues.default));
  }
  const refused: Refusal[] = [];
  const welcome = messages.filter((message) => {
    const reason = reasons.get(message.destination.queue);
    if (reason !== undefined) refused.push({ message, reason });
    return reason === undefined;
  });
  return [welcome, refused];
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

function reasonOf(fate: Exclude<Fate, 'taken'>, { destination }: Message): string {
  if (fate === 'unroutable') return nobodyTakes(destination);
  if (fate === 'nacked') return 'RabbitMQ rejected it, as it does when a queue is full';
  if (isMissing(fate)) {
    return 'there is no such exchange; it is made for a queue of taskQueues that is bound to it, or by whoever consumes from it';
  }
  if ('code' in fate) return `RabbitMQ refused: ${serversWords(fate)}`;
  return `it cannot be written as AMQP: ${fate.message}`;
}

function nobodyTakes({ exchange, exchangeType }: Destination): string {
  if (exchange === '') return 'there is no such queue';
  if (exchangeType === 'fanout') return 'no queue is bound to it';
  if (exchangeType === 'headers') return 'no queue is bound to it by such headers';
  return 'no queue is bound to it by that routing key';
}
