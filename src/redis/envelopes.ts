import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../broker/envelope.ts';
import type { Message } from '../message/message.ts';
import type { Bindings, Declaration } from './bindings.ts';
import type { Keys } from './keys.ts';

/** What is told on a channel. */
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

  constructor(keys: Keys, bindings: Bindings) {
    this.#keys = keys;
    this.#bindings = bindings;
  }

  add(message: Message): void {
    const { exchange, exchangeType, routingKey } = message.destination;
    if (exchange === '') {
      // Its bindings were declared with the first that went there.
      const list = this.#keys.list(routingKey, message.priority);
      if (this.lists.has(list)) {
        this.#push(list, message);
        return;
      }
    }
    for (const one of this.#bindings.declarationsFor(message.destination))
      this.declarations.add(one);
    if (exchange !== '' && exchangeType === 'fanout') {
      const channel = this.#keys.channel(exchange, routingKey);
      this.told.push({ message, channel, envelope: encodeEnvelope(message, randomUUID()) });
      return;
    }
    const queues = this.#bindings.queuesFor(message.destination);
    if (queues.length === 0) this.lost.push(message);
    for (const queue of queues) this.#push(this.#keys.list(queue, message.priority), message);
  }

  /** Each copy is a delivery of its own. */
  #push(list: string, message: Message): void {
    const envelopes = this.lists.get(list);
    const envelope = encodeEnvelope(message, randomUUID());
    if (envelopes) envelopes.push(envelope);
    else this.lists.set(list, [envelope]);
  }
}
