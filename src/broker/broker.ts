import type { Message } from '../message/message.ts';

/** Puts finished messages into the queues that Celery workers consume. */
export interface Broker {
  /**
   * Resolves once the broker has answered for every message, with those that it rejected: all others are in
   * their queues. Rejects with a `StoreError` when it cannot be known which of them are.
   */
  publish(messages: readonly Message[]): Promise<readonly Rejection[]>;
  /**
   * Publishes events to the current subscribers of their exchanges, which may be none: at most once. Does
   * nothing where the broker has no such exchanges. Rejects with a `StoreError` when it cannot be known whether
   * they went out.
   */
  announce(messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

/** A message that its broker rejects, and would reject again until its configuration or the message changes. */
export interface Rejection {
  /** The very object that was to be published. */
  readonly message: Message;
  /** Such as `there is no such queue`. */
  readonly reason: string;
}
