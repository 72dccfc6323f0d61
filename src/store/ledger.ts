import type { Commit, CommitOutcome } from './commit.ts';
import type { EntryState, OnUnreadable } from './entry-state.ts';

/** Stores what was dealt with, and lets only the newest term write. */
export interface Ledger {
  /** How large a commit should be, and how many may be under way at once, to be fast here. */
  readonly batch: { readonly size: number; readonly inFlight: number };
  /**
   * The state of every entry by name, configured or not. A state that cannot be read is reported and left out;
   * without `unreadable` it makes the whole reject.
   */
  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>>;
  /**
   * Begins a term and returns its fencing token: larger than any before, even after the ledger was emptied.
   * From now on commits with every other token are rejected. A ledger that has to wait for another store gives
   * up soon after `stop` aborts.
   */
  beginTerm(stop?: AbortSignal): Promise<number>;
  /**
   * One atomic step: check the token, compare every state, publish every message, write every state.
   * Repeating a commit that went through (its answer was lost) publishes nothing and answers `committed`
   * again. Rejects with a `StoreError` when it cannot be known whether it went through, which is also how a
   * ledger that waits for another store ends soon after `stop` aborts.
   */
  commit(commit: Commit, stop?: AbortSignal): Promise<CommitOutcome>;
  close(): Promise<void>;
}

/** Removes a state, whatever it holds. */
export interface StateRemoval {
  /** `false`, and nothing removed, when the token is not of the newest term. */
  removeState(token: number, entry: string): Promise<boolean>;
}
