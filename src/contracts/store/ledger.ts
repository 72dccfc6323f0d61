import type { Message } from '../../celery/message/message.ts';
import type { Commit, CommitOutcome } from './commit.ts';
import type { EntryState, OnUnreadable } from './entry-state.ts';

/** Stores the states of entries, and lets only the newest term write. */
export interface Ledger {
  /** The number of changes per commit, and of concurrent commits, that is fast with this ledger. */
  readonly batch: { readonly size: number; readonly inFlight: number };
  /**
   * The states of all entries without a definition in the store, by name: entries that a configuration declares, or
   * declared before. An unreadable state is reported and left out; without `unreadable` the call rejects.
   */
  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>>;
  /** The states of these entries. An entry without a state is left out; an unreadable state is reported and left out. */
  findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>>;
  /**
   * Begins a term and returns its fencing token: larger than all before, even after the ledger was emptied. The
   * ledger then fences commits with any other token. A ledger that waits for another store rejects soon after
   * `stop` aborts.
   */
  beginTerm(stop?: AbortSignal): Promise<number>;
  /**
   * One atomic step: check the token, compare every state, publish every message, write every state.
   * A repeated commit (the answer of the first run was lost) publishes nothing and resolves with `committed` again.
   * Rejects with a `StoreError` when the outcome is unknown; a ledger that waits for another store also does so
   * soon after `stop` aborts.
   */
  commit(commit: Commit, stop?: AbortSignal): Promise<CommitOutcome>;
  /**
   * Encodes a message that will probably be committed soon, so that the commit takes less time, and returns the bytes
   * of the text. Absent from a ledger that would gain nothing.
   */
  readonly prepare?: ((message: Message) => number) | undefined;
  close(): Promise<void>;
}

/** Reads some states, for pages of a list. */
export type StateLookup = Pick<Ledger, 'findStates'>;

export interface StateRemoval {
  /**
   * Removes a state, also an unreadable one; the definition of a stored entry stays. Resolves with `false`, and removes
   * nothing, when the token is not the newest one.
   */
  removeState(token: number, entry: string): Promise<boolean>;
}
