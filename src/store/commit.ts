import type { Message } from '../message/message.ts';
import type { ChordSize } from '../message/run-messages.ts';
import type { FinishedCommand } from './command-log.ts';
import { encodeState, type EntryState } from './entry-state.ts';

/** What a term decided, to be done as one step. */
export interface Commit {
  /** The fencing token of the term that decided it. */
  readonly token: number;
  /** Of declared entries only, or of stored entries only: stores hold the states of each in another place. */
  readonly changes: readonly Change[];
  /** Commands that are done with: removed from the command log, with their audit rows added. */
  readonly commands?: readonly FinishedCommand[] | undefined;
}

/** One entry's part of a commit: move its state from `before` to `after`, and publish the messages. */
export interface Change {
  readonly entry: string;
  /** The state that the decision was made from; `null` when there was none. */
  readonly before: EntryState | null;
  /** Its `rev` differs from that of `before`, so that only a repeated commit finds it in the store. */
  readonly after: EntryState;
  readonly messages: readonly Message[];
  /** Registered with the result backend before the commit; ledgers ignore them. */
  readonly chords?: readonly ChordSize[] | undefined;
  /** The command that asked for it; the committer adds it to the commit of this change. */
  readonly command?: FinishedCommand | undefined;
  /** Absent from a declared entry. */
  readonly stored?: StoredChange | undefined;
}

/**
 * What a commit does to a stored entry beside writing its state: it writes `dueAt`, and the definition unless that
 * stays. `removed` deletes all of it, and `after`, the state that it had, is not written.
 */
export type StoredChange =
  { readonly dueAt: number | null; readonly definition?: string | undefined } | 'removed';

/** Whether a commit is of stored entries. */
export function isOfStoredEntries(changes: readonly Pick<Change, 'stored'>[]): boolean {
  return changes[0]?.stored !== undefined;
}

/**
 * `committed`: all of it happened, but for the publishing of the messages in `unpublished`. The others: none
 * of it did.
 * `fenced`: a newer term has begun, or the ledger was lost: this term must end.
 * `conflict`: the states of these entries are not as expected.
 * `store-rejected`: the store can be reached and rejects it, until somebody puts something right there.
 */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly unpublished?: readonly UnpublishedMessage[] }
  | { readonly kind: 'fenced' }
  | Conflict
  | { readonly kind: 'store-rejected'; readonly reason: string };

/** A message of a committed change that is in no queue. */
export interface UnpublishedMessage {
  readonly message: Message;
  /**
   * `rejected`: the broker, which is not the ledger, rejected it, and it waits in the outbox.
   * `no-subscribers`: it went to a fanout exchange without subscribers, which stores nothing.
   */
  readonly kind: 'rejected' | 'no-subscribers';
  /** Such as `there is no such queue`. */
  readonly reason: string;
}

interface Conflict {
  readonly kind: 'conflict';
  readonly entries: readonly string[];
}

/** A change with its states as the texts that stores hold and compare. */
export interface EncodedChange {
  readonly entry: string;
  readonly before: string | null;
  /** `null` for an entry that the change removes. */
  readonly after: string | null;
  readonly stored?: StoredChange | undefined;
}

/** Done before a transaction begins, because a transaction makes others wait. */
export function encodeChange({ entry, before, after, stored }: Change): EncodedChange {
  return {
    entry,
    before: before && encodeState(before),
    after: stored === 'removed' ? null : encodeState(after),
    stored,
  };
}

/**
 * Compares a commit with what the store holds: `new`, or `repeated` when it went through before and its answer
 * was lost, or a conflict. The comparison that Redis makes is in Lua and follows the same rule.
 */
export function compare(
  changes: readonly EncodedChange[],
  stored: (entry: string) => string | null | undefined,
): 'new' | 'repeated' | Conflict {
  const texts = changes.map(({ entry }) => stored(entry) ?? null);
  const conflicts = changes.filter(({ before }, i) => texts[i] !== before);
  if (conflicts.length === 0) return 'new';
  if (changes.every(({ after }, i) => texts[i] === after)) return 'repeated';
  return { kind: 'conflict', entries: conflicts.map(({ entry }) => entry) };
}
