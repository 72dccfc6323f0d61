import type { Rejection } from '../../contracts/broker/broker.ts';
import { StoreError } from '../../util/errors.ts';
import { copyMessage, type Message } from '../../celery/message/message.ts';
import type { Destination } from '../../celery/message/destination.ts';
import { createExchange, type Queue } from '../../celery/routing/queue.ts';
import { delayedDestination } from './delayed.ts';
import { isMissing } from './publish-channel.ts';
import { prepareDelays, prepareExchange, prepareQueues, type DeclareOptions } from './declare.ts';
import { describeServerError, explainRejection } from './rejections.ts';
import type { Session } from './session.ts';

/** Declares queues and publishes. Resolves with the rejected messages; rejects if unsure. `now` is in epoch ms. */
export async function publishMessages(
  session: Session,
  messages: readonly Message[],
  options: DeclareOptions,
  now: number,
): Promise<readonly Rejection[]> {
  const rejected: Rejection[] = [];

  /** Resolves with the messages that RabbitMQ returned although their queues were declared. */
  const attempt = async (batch: readonly Message[]): Promise<readonly Message[]> => {
    const returned: Message[] = [];
    const prepared = new Map<string, readonly Queue[] | string>();
    const publishing: { readonly message: Message; readonly to: Destination }[] = [];
    for (const message of batch) {
      const { destination } = message;
      const key = JSON.stringify(destination);
      const queues = prepared.get(key) ?? (await prepareQueues(session, destination, options));
      prepared.set(key, queues);
      if (typeof queues === 'string') {
        rejected.push({ message, reason: queues });
        continue;
      }
      const delayed = delayedDestination(message, now);
      const canDelay = delayed !== null && (await prepareDelays(session, queues, options));
      publishing.push({ message, to: canDelay ? delayed : destination });
    }
    const results = await session.publish(
      publishing.map(({ message, to }) => copyMessage(message, { destination: to })),
    );
    for (const [i, { message, to }] of publishing.entries()) {
      const result = results[i]!;
      const declared = prepared.get(JSON.stringify(message.destination)) ?? [];
      if (result === 'unroutable' && declared.length > 0) returned.push(message);
      else if (result !== 'acked') rejected.push({ message, reason: explainRejection(result, to) });
    }
    return returned;
  };

  let returned = await attempt(messages);
  if (returned.length > 0) {
    // A queue was deleted after this connection had declared it.
    session.forgetDeclarations();
    returned = await attempt(returned);
  }
  for (const message of returned) {
    rejected.push({ message, reason: explainRejection('unroutable', message.destination) });
  }
  return rejected;
}

/** Publishes messages that need no subscriber, and may declare their exchanges. Rejects with a `StoreError` if RabbitMQ rejects one. */
export async function announce(session: Session, messages: readonly Message[], declares: boolean): Promise<void> {
  const exchanges = new Map(messages.map(({ destination }) => [destination.exchange, destination.exchangeType]));
  for (const [name, type] of declares ? exchanges : []) {
    const error = await prepareExchange(session, createExchange(name, type));
    if (error) throw announceError(`exchange "${name}" cannot be declared`, error);
  }
  for (const result of await session.publish(messages, false)) {
    // A missing exchange has no subscribers.
    if (result instanceof Error && !isMissing(result)) throw announceError('RabbitMQ rejected the message', result);
  }
}

function announceError(what: string, cause: Error): StoreError {
  return new StoreError(`broker.announce: ${what}: ${describeServerError(cause)}`, { cause });
}
