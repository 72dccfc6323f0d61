import type { Broker, Rejection } from '../../contracts/broker/broker.ts';
import type { Message } from '../../celery/message/message.ts';

/** Holds published messages, oldest first, for tests and for programs that consume them. */
export class MemoryBroker implements Broker {
  readonly messages: Message[];

  /** Brokers made with one array are one broker. */
  constructor(messages: Message[] = []) {
    this.messages = messages;
  }

  async publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    for (const message of messages) this.messages.push(message);
    return [];
  }

  async announce(): Promise<void> {}

  async close(): Promise<void> {}
}
