import type { Rejection } from '../../broker/broker.ts';
import { StoreError } from '../../util/errors.ts';
import type { Message } from '../../message/message.ts';
import type { Destination } from '../../message/destination.ts';
import { createExchange, type Queue } from '../../routing/queue.ts';
import { waitingPlaceOf } from './delayed.ts';
import { isMissing } from './lane.ts';
import { prepareDelays, prepareExchange, prepareQueues, type Rules } from './prepare.ts';
import { explainFate, serversWords } from './refusals.ts';
import type { Session } from './session.ts';

/**
 * Sends messages, after their queues were declared. Resolves with what RabbitMQ would not have, once all
 * else is in its queue; rejects when that cannot be known. `now` is in epoch milliseconds.
 */
export async function deliver(
  session: Session,
  messages: readonly Message[],
  rules: Rules,
  now: number,
): Promise<readonly Rejection[]> {
  const first = await attempt(session, messages, rules, now);
  if (first.returned.length === 0) return first.rejected;
  // Somebody deleted a queue that this connection had declared.
  session.forget();
  const second = await attempt(session, first.returned, rules, now);
  const reason = ({ destination }: Message) => explainFate('unroutable', destination);
  const lost = second.returned.map((message) => ({ message, reason: reason(message) }));
  return [...first.rejected, ...second.rejected, ...lost];
}

interface Attempt {
  readonly rejected: readonly Rejection[];
  /** No queue took them, though those were declared that should. */
  readonly returned: readonly Message[];
}

async function attempt(
  session: Session,
  messages: readonly Message[],
  rules: Rules,
  now: number,
): Promise<Attempt> {
  const rejected: Rejection[] = [];
  const returned: Message[] = [];
  const prepared = new Map<string, readonly Queue[] | string>();
  const sending: { readonly message: Message; readonly to: Destination }[] = [];
  for (const message of messages) {
    const { destination } = message;
    const key = JSON.stringify(destination);
    const queues = prepared.get(key) ?? (await prepareQueues(session, destination, rules));
    prepared.set(key, queues);
    if (typeof queues === 'string') {
      rejected.push({ message, reason: queues });
      continue;
    }
    const place = waitingPlaceOf(message, now);
    const waits = place !== null && (await prepareDelays(session, queues, rules));
    sending.push({ message, to: waits ? place : destination });
  }
  const fates = await session.send(
    sending.map(({ message, to }) => ({ ...message, destination: to })),
  );
  for (const [i, { message, to }] of sending.entries()) {
    const fate = fates[i]!;
    const declared = prepared.get(JSON.stringify(message.destination)) ?? [];
    if (fate === 'unroutable' && declared.length > 0) returned.push(message);
    else if (fate !== 'taken') rejected.push({ message, reason: explainFate(fate, to) });
  }
  return { rejected, returned };
}

/** Sends messages that nobody need to want. Rejects with a `StoreError` when RabbitMQ would not have some. */
export async function announce(
  session: Session,
  messages: readonly Message[],
  { declareQueues }: Rules,
): Promise<void> {
  const exchanges = new Map(
    messages.map(({ destination }) => [destination.exchange, destination.exchangeType]),
  );
  for (const [name, type] of declareQueues ? exchanges : []) {
    const error = await prepareExchange(session, createExchange(name, type));
    if (error) throw unheard(`exchange "${name}" cannot be declared`, error);
  }
  for (const fate of await session.send(messages, false)) {
    // To an exchange that nobody has made nobody listens.
    if (fate instanceof Error && !isMissing(fate)) throw unheard('RabbitMQ refused', fate);
  }
}

function unheard(what: string, cause: Error): StoreError {
  return new StoreError(`broker.announce: ${what}: ${serversWords(cause)}`, { cause });
}
