import type { Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import type { ReceiverOptions } from './connection-settings.ts';

/** Publishes messages to the queues that Celery workers consume. */
export interface Broker {
  /**
   * Publishes messages, and resolves with the rejected ones; all others are in their queues. Rejects with a
   * `StoreError` when the outcome is unknown.
   */
  publish(messages: readonly Message[]): Promise<readonly Rejection[]>;
  /**
   * Publishes events at most once to the current subscribers of their exchanges. Does nothing if the broker has no
   * such exchanges. Rejects with a `StoreError` when the outcome is unknown.
   */
  announce(messages: readonly Message[], options?: AnnounceOptions): Promise<void>;
  close(): Promise<void>;
}

export interface AnnounceOptions {
  /** Whether the subscribers declare the exchange. If so, an exchange that does not exist has no subscribers. */
  readonly declaredBySubscribers?: boolean;
}

/** The options of a broker that holds no state. */
export interface BrokerOptions extends ReceiverOptions {
  /** The configured queues, for brokers on which beat declares its queues. */
  readonly queues: Queues;
  /** AMQP: `false` if beat must not declare queues and exchanges. */
  readonly declareQueues: boolean;
}

/** A rejected message. The broker would reject it again until its configuration or the message changes. */
export interface Rejection {
  /** The same object that was passed to `publish`. */
  readonly message: Message;
  /** Such as `there is no such queue`. */
  readonly reason: string;
}
