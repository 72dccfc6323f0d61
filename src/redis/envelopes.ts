import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../broker/envelope.ts';
import type { Message } from '../message/message.ts';
import type { Keys } from './keys.ts';

/** What goes to one list, as it will stand there, oldest first. */
export interface ListPush {
  readonly list: string;
  readonly queue: string;
  readonly envelopes: string[];
}

/** Gathers messages by the list they go to, so that one LPUSH carries many; their order is kept. */
export class Pushes {
  readonly #keys: Keys;
  readonly #byList = new Map<string, ListPush>();

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  add(message: Message): void {
    const queue = message.destination.routingKey;
    const list = this.#keys.list(queue, message.priority);
    let push = this.#byList.get(list);
    if (!push) {
      push = { list, queue, envelopes: [] };
      this.#byList.set(list, push);
    }
    push.envelopes.push(encodeEnvelope(message, randomUUID()));
  }

  [Symbol.iterator](): Iterator<ListPush> {
    return this.#byList.values();
  }
}
