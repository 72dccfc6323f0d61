import type { BrokerOptions } from './broker.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';

/** Receives messages from queues that Celery's workers may consume too. The first use opens the connection. */
export interface Consumer {
  /** Waits for the next message; `null` after an abort. Rejects with a `StoreError` if the broker is unreachable. */
  receive(signal: AbortSignal): Promise<Delivery | null>;
  /**
   * Stops receiving: messages that wait for `receive` return to their queues; deliveries stay open. Not to be followed
   * by another `receive`.
   */
  cancel(): Promise<void>;
  /** Closes the connection. The broker redelivers messages that are neither acknowledged nor requeued. */
  close(): Promise<void>;
}

/**
 * A message that no other worker receives until it is requeued, or this process dies. The consumer extends this time by
 * itself, because a job may run for days. RabbitMQ cannot extend it: after its `consumer_timeout`, by default 30
 * minutes, it closes the channel, and delivers all its messages again.
 */
export interface Delivery {
  readonly queue: string;
  /** `null` if the broker holds something that is not a message of kombu. */
  readonly message: ReceivedMessage | null;
  /**
   * Removes the message from the broker. Resolves with `false` if the delivery has ended, because its connection or
   * lease was lost: the broker delivers the message again. Rejects with a `StoreError` when the outcome is unknown.
   */
  ack(): Promise<boolean>;
  /**
   * Lets the broker deliver another message beyond `prefetch` while this one waits for its ETA. Never rejects: a lost
   * connection has ended the delivery.
   */
  suspend(): Promise<void>;
  /** Ends `suspend`: the message is about to run. */
  resume(): Promise<void>;
  /** Returns the message to its queue, for any worker. Rejects as `ack` does. */
  requeue(): Promise<void>;
}

export interface ConsumerOptions extends BrokerOptions {
  /** The names of the queues to consume. */
  readonly from: readonly string[];
  /** How many messages of each queue a broker may deliver in advance, with those that are not acknowledged. */
  readonly prefetch: number;
}

export type OpenConsumer = (options: ConsumerOptions) => Consumer;
