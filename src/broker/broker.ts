import type { Message } from '../message/message.ts';

/** Puts finished messages into the queues that Celery workers consume. */
export interface Broker {
  /** Resolves once every message is in its queue. Rejects with a `StoreError`; some may then be there. */
  publish(messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}
