import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Bindings, Declaration } from './bindings.ts';
import type { Keys } from './keys.ts';

/** Why a fanout exchange's message is in no queue. */
export const NO_SUBSCRIBERS = 'the fanout exchange has no subscribers';

/** One PUBLISH of a message; a message may be published on several channels. */
export interface PubSubMessage {
  readonly message: Message;
  readonly channel: string;
  readonly envelope: string;
}

/**
 * The writes that publish messages: the lists to push to, so that one LPUSH carries many messages in their
 * order, the bindings to declare with them, and the channels to publish on.
 */
export class RedisWrites {
  /** By list: the envelopes to push, oldest first. */
  readonly lists = new Map<string, string[]>();
  readonly declarations = new Set<Declaration>();
  readonly pubSub: PubSubMessage[] = [];
  readonly unroutable: Message[] = [];
  readonly #keys: Keys;
  readonly #bindings: Bindings;
  /** Lists of queues that were addressed by name: their bindings are already among the declarations. */
  readonly #declared = new Set<string>();

  constructor(keys: Keys, bindings: Bindings) {
    this.#keys = keys;
    this.#bindings = bindings;
  }

  add(message: Message): void {
    const { exchange, routingKey } = message.destination;
    if (exchange === '') {
      const list = this.#keys.list(routingKey, message.priority);
      if (this.#declared.has(list)) {
        this.#push(list, message);
        return;
      }
    }
    const destination = this.#bindings.resolve(message.destination);
    for (const declaration of this.#bindings.declarationsFor(destination)) {
      this.declarations.add(declaration);
    }
    if (destination.exchange !== '' && destination.exchangeType === 'fanout') {
      for (const channel of this.#bindings.channelsFor(destination)) {
        const envelope = encodeEnvelope({ ...message, destination }, randomUUID());
        this.pubSub.push({ message, channel, envelope });
      }
      return;
    }
    const queues = this.#bindings.queuesFor(destination);
    if (queues.length === 0) this.unroutable.push(message);
    for (const queue of queues) {
      const list = this.#keys.list(queue, message.priority);
      this.#push(list, message);
      if (destination.exchange === '') this.#declared.add(list);
    }
  }

  /** Appends the keys and arguments that a publishing script reads. */
  addTo(keys: string[], args: string[]): void {
    args.push(String(this.pubSub.length));
    for (const { channel, envelope } of this.pubSub) args.push(channel, envelope);
    args.push(String(this.lists.size));
    for (const [list, envelopes] of this.lists) {
      keys.push(list);
      args.push(String(envelopes.length));
      for (const envelope of envelopes) args.push(envelope);
    }
    for (const { key, member } of this.declarations) {
      keys.push(key);
      args.push(member);
    }
  }

  /** Each copy has a delivery tag of its own. */
  #push(list: string, message: Message): void {
    const envelopes = this.lists.get(list);
    const envelope = encodeEnvelope(message, randomUUID());
    if (envelopes) envelopes.push(envelope);
    else this.lists.set(list, [envelope]);
  }
}

/** The messages that no subscriber received on any channel; `unreceived` has positions in `pubSub`, from 1. */
export function findUnreceived(pubSub: readonly PubSubMessage[], unreceived: readonly number[] = []): Message[] {
  if (unreceived.length === 0) return [];
  const positions = new Set(unreceived);
  const received = new Set(pubSub.filter((_, i) => !positions.has(i + 1)).map(({ message }) => message));
  const messages = new Set(pubSub.map(({ message }) => message));
  return [...messages].filter((message) => !received.has(message));
}
