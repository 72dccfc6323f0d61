import type { Message } from '../message/message.ts';
import type { Change, CommitOutcome, LedgerRecord } from './ledger.ts';

/** A finished message that its broker may or may not have yet. */
export interface KeptMessage {
  /** Unique per occurrence; ascending in the order in which messages should be sent. */
  readonly id: string;
  readonly message: Message;
}

/**
 * A ledger that keeps messages instead of sending them, for a broker that is another store: what was
 * decided is durable together with what is still to be sent. Whoever leads sends what is kept, and
 * then has it forgotten. A leader that dies in between leaves it to the next, which sends it under the
 * same task ids: at least once, never lost.
 */
export interface Outbox {
  readonly batch: { readonly size: number; readonly inFlight: number };
  load(): Promise<Map<string, LedgerRecord>>;
  beginTerm(): Promise<number>;
  /** As `Ledger.commit`, but every message is kept, not sent. Repeating it keeps nothing twice. */
  keep(term: number, changes: readonly Change[]): Promise<CommitOutcome>;
  /** The oldest kept messages, at most `limit` of them, in the order in which they should be sent. */
  kept(limit: number): Promise<readonly KeptMessage[]>;
  /** Forgets messages that the broker has. `false`, and nothing forgotten, when a newer term has begun. */
  forget(term: number, ids: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}
