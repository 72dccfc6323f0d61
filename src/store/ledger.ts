import type { Refusal } from '../broker/broker.ts';
import { StoreError } from '../util/errors.ts';
import type { Message } from '../message/message.ts';
import type { ChordSize } from '../message/run.ts';

/** What was dealt with, per entry. The next occurrence follows from it, never from "now". */
export interface LedgerRecord {
  /**
   * The schedule's `spec` at the time of writing: a different one now means that it was edited.
   * `null` while the entry is not scheduled (disabled, or gone from the config).
   */
  readonly spec: string | null;
  /** The instant from which occurrences count until the first is dealt with. Epoch milliseconds. */
  readonly anchor: number;
  /** The newest occurrence that was sent or skipped. Epoch milliseconds; `null` before the first. */
  readonly dueAt: number | null;
  /** When the last run was sent. Epoch milliseconds; `null` before the first. */
  readonly sentAt: number | null;
  /** The task id of the last run. */
  readonly taskId: string | null;
  /** How many runs have been sent, over all edits of the schedule. */
  readonly runCount: number;
}

/** One entry's part of a commit: move its record from `expected` to `record` and send the messages. */
export interface Change {
  readonly entry: string;
  /** The record that the decision was made from; `null` when there was none. */
  readonly expected: LedgerRecord | null;
  readonly record: LedgerRecord;
  readonly messages: readonly Message[];
  /** What the result backend is told before; no ledger needs it. */
  readonly chords?: readonly ChordSize[] | undefined;
}

/**
 * `committed`: all of it happened; but messages that the broker `refused`, on a ledger that is not the
 * broker, are kept to be sent later, and `unheard` ones went to a fanout exchange, which keeps nothing,
 * while nobody listened. The others: none of it did, and nothing was sent.
 * `superseded`: a newer term has begun (or the ledger was lost), so this one must end.
 * `conflict`: these entries' records are not as expected.
 * `declined`: the store can be reached and will not do it, until somebody puts something right there.
 */
export type CommitOutcome =
  | {
      readonly kind: 'committed';
      readonly refused?: readonly Refusal[];
      readonly unheard?: readonly Message[];
    }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'conflict'; readonly entries: readonly string[] }
  | { readonly kind: 'declined'; readonly reason: string };

/** Called with a record that cannot be read: edited by hand, damaged, or written by another version. */
export type OnUnreadable = (entry: string, error: StoreError) => void;

/** Removes a record, whatever it holds. */
export interface RecordRemoval {
  /** `false`, and nothing removed, when the term is not the newest. */
  removeRecord(term: number, entry: string): Promise<boolean>;
}

/** Remembers what was dealt with, and lets only the newest term write. */
export interface Ledger {
  /** How large a commit should be, and how many may be under way at once, to be fast here. */
  readonly batch: { readonly size: number; readonly inFlight: number };
  /**
   * Every record, by entry name, whether or not the entry is still configured. A record that cannot be read
   * is reported and left out; without `unreadable` it makes the whole reject.
   */
  load(unreadable?: OnUnreadable): Promise<Map<string, LedgerRecord>>;
  /**
   * Begins a term and returns its fencing number: larger than any before, even after the ledger was
   * emptied. From now on commits of every other number are refused. A ledger that has to wait for another
   * store gives up soon after `stop` aborts.
   */
  beginTerm(stop?: AbortSignal): Promise<number>;
  /**
   * One atomic step: check the term, check every record, send every message, write every record.
   * Repeating a commit that went through (its answer was lost on the way) sends nothing and answers
   * `committed` again. Rejects with a `StoreError` when it cannot be known whether it went through, which
   * is also how a ledger that waits for another store ends soon after `stop` aborts.
   */
  commit(term: number, changes: readonly Change[], stop?: AbortSignal): Promise<CommitOutcome>;
  close(): Promise<void>;
}

/** One text per record, the same for the same record: what stores keep and compare. */
export function encodeRecord(r: LedgerRecord): string {
  return JSON.stringify({
    spec: r.spec,
    anchor: r.anchor,
    dueAt: r.dueAt,
    sentAt: r.sentAt,
    taskId: r.taskId,
    runCount: r.runCount,
  });
}

/**
 * The inverse of `encodeRecord`. Throws a `StoreError` that names the entry when the text is no record, or
 * one that this version would write otherwise: no commit could ever expect it.
 */
function decodeRecord(entry: string, text: string): LedgerRecord {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && encodeRecord(value) === text) return value;
  } catch (error) {
    cause = error;
  }
  const found = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new StoreError(`the record of entry ${JSON.stringify(entry)} cannot be read: ${found}`, {
    cause,
  });
}

/** Puts a record that was read into its place, or reports that it cannot be. */
export function addRecord(
  records: Map<string, LedgerRecord>,
  entry: string,
  text: string,
  unreadable?: OnUnreadable,
): void {
  try {
    records.set(entry, decodeRecord(entry, text));
  } catch (error) {
    if (!unreadable || !(error instanceof StoreError)) throw error;
    unreadable(entry, error);
  }
}

function isRecord(value: unknown): value is LedgerRecord {
  if (typeof value !== 'object' || value === null) return false;
  const r = value as Record<keyof LedgerRecord, unknown>;
  return (
    (r.spec === null || typeof r.spec === 'string') &&
    typeof r.anchor === 'number' &&
    (r.dueAt === null || typeof r.dueAt === 'number') &&
    (r.sentAt === null || typeof r.sentAt === 'number') &&
    (r.taskId === null || typeof r.taskId === 'string') &&
    typeof r.runCount === 'number'
  );
}
