import { StoreError } from '../util/errors.ts';
import type { Message } from '../message/message.ts';
import { nameOf } from '../message/destination.ts';

/** Puts finished messages into the queues that Celery workers consume. */
export interface Broker {
  /**
   * Resolves once every message is in its queue. Rejects with a `RefusedError` when every message was
   * answered and some were refused: all others are in their queues. Rejects with another `StoreError`
   * when it cannot be known which of them are.
   */
  publish(messages: readonly Message[]): Promise<void>;
  /**
   * Tells messages to whoever listens to their exchange just then, which may be nobody: events. At most
   * once. Where the broker has no such exchanges it does nothing. Rejects with a `StoreError` when it
   * cannot be known whether they went out.
   */
  announce(messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

/** A message that its broker would not take, and would not take again until somebody changes something. */
export interface Refusal {
  /** The very object that was to be published. */
  readonly message: Message;
  /** Such as `there is no such queue`. */
  readonly reason: string;
}

/** Messages that the broker refused, though it can be reached. */
export class RefusedError extends StoreError {
  override name = 'RefusedError';
  readonly refused: readonly Refusal[];

  constructor(refused: readonly Refusal[]) {
    super(inWords(refused));
    this.refused = refused;
  }
}

function inWords(refused: readonly Refusal[]): string {
  const [first] = refused;
  if (!first) return 'nothing was refused';
  const { message, reason } = first;
  const others = refused.length > 1 ? `, nor ${refused.length - 1} others theirs` : '';
  return `${nameOf(message.destination)} did not take task ${message.taskId} (${reason})${others}`;
}
