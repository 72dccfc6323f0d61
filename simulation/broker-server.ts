import type { Broker, Rejection } from '../src/contracts/broker/broker.ts';
import type { Message } from '../src/celery/message/message.ts';
import type { Server } from './network.ts';

/** A broker that is not the store of the state: it confirms messages, or rejects them while their queue is missing. */
export class BrokerServer implements Server, Broker {
  readonly name = 'broker';
  isUp = true;
  /** Whether the queue exists. */
  hasQueue = true;
  readonly #received: (message: Message) => void;

  constructor(received: (message: Message) => void) {
    this.#received = received;
  }

  async publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    if (!this.hasQueue) return messages.map((message) => ({ message, reason: 'there is no such queue' }));
    for (const message of messages) this.#received(message);
    return [];
  }

  async announce(): Promise<void> {}

  async close(): Promise<void> {}
}
