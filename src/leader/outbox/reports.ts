import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { OutboxMessage } from '../../contracts/store/outbox.ts';
import type { Unreadable } from '../../contracts/store/unreadable.ts';
import type { Withdrawal } from './withdrawals.ts';

/** Called with what becomes of messages that were not published with their commit. */
export interface RelayReports {
  /** The relay dealt with some of the messages: there may be many. */
  progressed(): void;
  /** The messages are in their queues now. */
  delivered(messages: readonly OutboxMessage[]): void;
  /**
   * The messages were removed: expired, or too late by the catch-up policy of their entry. The history has the runs
   * that this withdraws.
   */
  skipped(
    messages: readonly OutboxMessage[],
    reason: SkipReason,
    withdrawn: readonly Withdrawal[],
  ): void;
  /**
   * So many messages are rejected and wait to be published again; `oldest` is when the oldest of them was due, epoch
   * milliseconds. Called whenever the number may have changed.
   */
  waiting(count: number, oldest: number | null): void;
  /** So many messages cannot be read and stay in the outbox, `first` among them. Called after each pass through the outbox. */
  unreadable(count: number, first: readonly Unreadable[]): void;
}
