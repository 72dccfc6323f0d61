import type { Message } from '../message/message.ts';
import type { Change, Commit, CommitOutcome } from './commit.ts';
import type { EntryState, OnUnreadable } from './entry-state.ts';

/** A finished message that its broker may or may not have yet. */
export interface OutboxMessage {
  /** Unique per occurrence; ascending in the order in which messages should be published. */
  readonly id: string;
  readonly message: Message;
}

/** As that of a commit, but of messages appended rather than published. */
export type AppendOutcome =
  | {
      readonly kind: 'committed';
      /** What is pending now of these messages: all of them, but for those removed since a first try. */
      readonly pending: readonly OutboxMessage[];
    }
  | Exclude<CommitOutcome, { kind: 'committed' }>;

/**
 * A ledger that stores messages instead of publishing them, for a broker that is another store: what was
 * decided is durable together with what is still to be published. The leader publishes what is pending and
 * then removes it. The next leader does so for a leader that dies in between, under the same task ids: at
 * least once, never lost.
 */
export interface Outbox {
  readonly batch: { readonly size: number; readonly inFlight: number };
  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>>;
  beginTerm(): Promise<number>;
  /**
   * As `Ledger.commit`, but every message is appended, not published. Repeating it appends nothing twice, and
   * nothing again that was removed.
   */
  append(commit: Commit): Promise<AppendOutcome>;
  /** The first `limit` messages whose id is greater than `after`, in the order of ids. */
  pending(limit: number, after: string): Promise<readonly OutboxMessage[]>;
  /** Removes messages that the broker has. `false`, and nothing removed, when a newer term has begun. */
  remove(token: number, ids: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

/** What an outbox stores of these changes, in their order. The same change has the same ids, always. */
export function outboxMessages(changes: readonly Change[]): OutboxMessage[] {
  return changes.flatMap(({ entry, after, messages }) =>
    messages.map((message, i) => ({
      id: `${sortable(after.dueAt ?? after.anchor)} ${entry} ${String(i).padStart(6, '0')}`,
      message,
    })),
  );
}

/** The occurrence that an outbox message is of: its entry, and `dueAt` (epoch milliseconds). */
export function occurrenceOf({ id, message }: OutboxMessage): { entry: string; dueAt: number } {
  // One commit may make up for several; its id knows the newest of them.
  const dueAt = Date.parse(String(message.headers['beat_due_at']));
  const ofCommit = Number(id.slice(0, 17)) + EARLIEST;
  return { entry: id.slice(18, -7), dueAt: Number.isNaN(dueAt) ? ofCommit : dueAt };
}

/** The earliest instant that a `Date` can hold. */
const EARLIEST = -8_640_000_000_000_000;

/** Digits that sort as the instants do, those before 1970 too. */
function sortable(instant: number): string {
  return String(instant - EARLIEST).padStart(17, '0');
}
