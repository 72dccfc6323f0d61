import type { SkipReason } from '../catalog/catch-up.ts';
import type { OutboxMessage } from '../store/outbox.ts';

/** What is told of messages that were kept for longer than their commit took. */
export interface OutboxReports {
  /** Something was done about them: there may be many. */
  progressed(): void;
  /** They are in their queues now. */
  delivered(kept: readonly OutboxMessage[]): void;
  /** They were forgotten: expired, so that no worker would run them, or owed no more by their entry's policy. */
  skipped(kept: readonly OutboxMessage[], reason: SkipReason): void;
  /** So many wait that the broker refuses; told whenever that may have changed. */
  waiting(count: number): void;
}
