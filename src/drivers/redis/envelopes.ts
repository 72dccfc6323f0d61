import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../broker/envelope.ts';
import type { Message } from '../../message/message.ts';
import type { Bindings, Declaration } from './bindings.ts';
import type { Keys } from './keys.ts';

/** Why a fanout exchange's message is in no queue. */
export const NO_SUBSCRIBERS = 'the fanout exchange has no subscribers';

/** What is told on one channel; a message may be told on several. */
export interface Told {
  readonly message: Message;
  readonly channel: string;
  readonly envelope: string;
}

/**
 * Gathers what messages become in Redis: by the list they go to, so that one LPUSH carries many in their
 * order; the bindings to declare with them; and what goes to channels.
 */
export class Pushes {
  /** By list: what will stand there, oldest first. */
  readonly lists = new Map<string, string[]>();
  readonly declarations = new Set<Declaration>();
  readonly told: Told[] = [];
  /** Messages that no queue would receive. */
  readonly lost: Message[] = [];
  readonly #keys: Keys;
  readonly #bindings: Bindings;
  /** Lists of queues that got a message by their name, so that their bindings are among the declarations. */
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
    const destination = this.#bindings.meantBy(message.destination);
    for (const one of this.#bindings.declarationsFor(destination)) this.declarations.add(one);
    if (destination.exchange !== '' && destination.exchangeType === 'fanout') {
      for (const channel of this.#bindings.channelsFor(destination)) {
        const envelope = encodeEnvelope({ ...message, destination }, randomUUID());
        this.told.push({ message, channel, envelope });
      }
      return;
    }
    const queues = this.#bindings.queuesFor(destination);
    if (queues.length === 0) this.lost.push(message);
    for (const queue of queues) {
      const list = this.#keys.list(queue, message.priority);
      this.#push(list, message);
      if (destination.exchange === '') this.#declared.add(list);
    }
  }

  /** Adds what scripts take that push: keys, and arguments from `at` on. */
  addTo(keys: string[], args: string[]): void {
    args.push(String(this.told.length));
    for (const { channel, envelope } of this.told) args.push(channel, envelope);
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

  /** Each copy is a delivery of its own. */
  #push(list: string, message: Message): void {
    const envelopes = this.lists.get(list);
    const envelope = encodeEnvelope(message, randomUUID());
    if (envelopes) envelopes.push(envelope);
    else this.lists.set(list, [envelope]);
  }
}

/** The messages that no subscriber got, by the positions (from 1) of what was told in vain. */
export function unheardOf(told: readonly Told[], inVain: readonly number[] = []): Message[] {
  if (inVain.length === 0) return [];
  const silent = new Set(inVain);
  const heard = new Set(told.filter((_, i) => !silent.has(i + 1)).map(({ message }) => message));
  return [...new Set(told.map(({ message }) => message))].filter((message) => !heard.has(message));
}
