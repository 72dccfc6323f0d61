import type { Broker } from '../../broker/broker.ts';
import type { Message } from '../../message/message.ts';

/** Keeps what was sent, oldest first, for a test to look at or a program to take away. */
export class MemoryBroker implements Broker {
  readonly messages: Message[];

  /** Brokers made with one array are one broker. */
  constructor(messages: Message[] = []) {
    this.messages = messages;
  }

  async publish(messages: readonly Message[]): Promise<void> {
    for (const message of messages) this.messages.push(message);
  }

  async announce(): Promise<void> {}

  async close(): Promise<void> {}
}
