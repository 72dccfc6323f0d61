import type { Message } from '../message/message.ts';
import type { Change, CommitOutcome, LedgerRecord, OnUnreadable } from './ledger.ts';

/** A finished message that its broker may or may not have yet. */
export interface KeptMessage {
  /** Unique per occurrence; ascending in the order in which messages should be sent. */
  readonly id: string;
  readonly message: Message;
}

/** As that of a commit, but of messages kept rather than sent. */
export type KeepOutcome =
  | {
      readonly kind: 'committed';
      /** What is kept now of these messages: all of them, but for those forgotten since a first try. */
      readonly kept: readonly KeptMessage[];
    }
  | Exclude<CommitOutcome, { kind: 'committed' }>;

/**
 * A ledger that keeps messages instead of sending them, for a broker that is another store: what was
 * decided is durable together with what is still to be sent. Whoever leads sends what is kept, and
 * then has it forgotten. A leader that dies in between leaves it to the next, which sends it under the
 * same task ids: at least once, never lost.
 */
export interface Outbox {
  readonly batch: { readonly size: number; readonly inFlight: number };
  load(unreadable?: OnUnreadable): Promise<Map<string, LedgerRecord>>;
  beginTerm(): Promise<number>;
  /**
   * As `Ledger.commit`, but every message is kept, not sent. Repeating it keeps nothing twice, and
   * nothing again that was forgotten.
   */
  keep(term: number, changes: readonly Change[]): Promise<KeepOutcome>;
  /** The first `limit` kept messages whose id is greater than `after`, in the order of ids. */
  kept(limit: number, after: string): Promise<readonly KeptMessage[]>;
  /** Forgets messages that the broker has. `false`, and nothing forgotten, when a newer term has begun. */
  forget(term: number, ids: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

/** What an outbox keeps of these changes, in their order. The same change has the same ids, always. */
export function keptMessages(changes: readonly Change[]): KeptMessage[] {
  return changes.flatMap(({ entry, record, messages }) =>
    messages.map((message, i) => ({
      id: `${sortable(record.dueAt ?? record.anchor)} ${entry} ${String(i).padStart(6, '0')}`,
      message,
    })),
  );
}

/** The occurrence that a kept message is of: its entry, and `dueAt` (epoch milliseconds). */
export function occurrenceOf({ id, message }: KeptMessage): { entry: string; dueAt: number } {
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
