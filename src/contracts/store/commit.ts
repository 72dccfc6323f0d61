import type { Message } from '../../celery/message/message.ts';
import type { FinishedCommand } from './command-log.ts';
import { beginningOf, encodeState, type EntryState } from './entry-state.ts';
import type { HistoryRow } from './history.ts';

/** The decisions of a term that the store applies in one step. */
export interface Commit {
  /** The fencing token of the term that decided it. */
  readonly token: number;
  readonly changes: readonly Change[];
  /** Finished commands: the store removes them from the command log and adds their audit rows. */
  readonly commands?: readonly FinishedCommand[] | undefined;
}

/** One entry's part of a commit: move its state from `before` to `after`, and publish the messages. */
export interface Change {
  readonly entry: string;
  /** The state that the decision was made from; `null` when there was none. */
  readonly before: EntryState | null;
  /**
   * The new state; its `rev` differs from the `rev` of `before`, so only a repeated commit finds it in the store.
   * `null` removes the entry with its definition.
   */
  readonly after: EntryState | null;
  readonly messages: readonly Message[];
  /** Appended to the entry's history; a store without one ignores them. */
  readonly history?: readonly HistoryRow[] | undefined;
  /** What the store writes beside the state of an entry that has a definition in the store; absent for others. */
  readonly stored?: StoredChange | undefined;
}

export interface StoredChange {
  /** When the leader must deal with the entry next, epoch milliseconds; `null` for never. */
  readonly dueAt: number | null;
  /** As JSON; the definition in the store stays unless given, and `null` removes it. */
  readonly definition?: string | null | undefined;
}

/**
 * `committed`: the store applied all of it, except that the messages in `unpublished` are in no queue. With the
 * other outcomes the store applied nothing.
 * `fenced`: a newer term has begun, or the ledger was lost: this term must end.
 * `conflict`: the states of these entries are not the expected ones.
 * `store-rejected`: the reachable store rejects the commit, and will do so until an operator changes the store.
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

/** A change with its states as stores compare and hold them. */
export interface EncodedChange extends Pick<Change, 'entry' | 'stored'> {
  /** How the text of the state begins, up to its `rev`. */
  readonly before: string | null;
  /** The text of the state. */
  readonly after: string | null;
}

/** Encodes a change. Call this before a transaction, because other clients wait for the transaction. */
export function encodeChange({ entry, before, after, stored }: Change): EncodedChange {
  return { entry, before: before && beginningOf(before), after: after && encodeState(after), stored };
}

/**
 * Compares a commit with the states in the store: `new`, `repeated` when an earlier run succeeded and its answer
 * was lost, or a conflict. Two commands may lead to the same state: unless the audit rows of its commands are in the
 * store too, a repeated commit is `conflictOfAll`. The Lua scripts of Redis follow the same rules.
 */
export function compare(
  changes: readonly EncodedChange[],
  stored: (entry: string) => string | null | undefined,
): 'new' | 'repeated' | Conflict {
  const texts = changes.map(({ entry }) => stored(entry) ?? null);
  const conflicts = changes.filter(({ before }, i) => {
    return before === null ? texts[i] !== null : !texts[i]?.startsWith(before);
  });
  if (conflicts.length === 0) return 'new';
  if (changes.every(({ after }, i) => texts[i] === after)) return 'repeated';
  return conflictOfAll(conflicts);
}

export function conflictOfAll(changes: readonly { readonly entry: string }[]): Conflict {
  return { kind: 'conflict', entries: changes.map(({ entry }) => entry) };
}
