import type { EncodedRow } from '../../contracts/store/history.ts';
import type { MinuteCounts } from '../../contracts/store/minutes.ts';

/** One statement of a dialect, with its parameters. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The row of a message. */
export interface MessageRow {
  readonly payload: string;
  readonly queueId: number;
}

/** A row of `beat_entry`; `dueAt` is epoch milliseconds, or `NEVER_DUE`. */
export interface EntryRow {
  readonly entry: string;
  readonly definition: string;
  readonly state: string;
  readonly dueAt: number;
}

/** A place in the order of stored entries. */
export type EntryPosition = Pick<EntryRow, 'entry' | 'dueAt'>;

/** A text under a name: the state of an entry, the message of an outbox id. */
export type Named = readonly [name: string, text: string];

/**
 * Every statement of a dialect; `→` names the columns of its rows. Instants are milliseconds since the Unix epoch
 * by the server's clock, durations are milliseconds. A list is one statement: callers split long lists
 * (`inChunks`) and never pass empty ones.
 */
export interface Statements {
  /** Creates all missing tables. It may be repeated, also by two processes at once. */
  readonly schema: readonly Sql[];
  /** Indexes that speed up the workers; a user without the right to create them does without. */
  readonly workerIndexes: readonly Sql[];
  readonly begin: Sql;
  readonly commit: Sql;
  readonly rollback: Sql;
  /** → now */
  readonly clock: Sql;

  /** → token, expiresAt, ttl, expired; no row when the lock is free. */
  readLock(prefix: string): Sql;
  /** For a lock without a row. Changes one row, or none when another process was faster. */
  takeFreeLock(prefix: string, token: string, ttl: number): Sql;
  /** For a lock that was read as `seen`. Changes one row, or none when it has changed since. */
  takeOverLock(prefix: string, token: string, ttl: number, seen: LockRow): Sql;
  /** Changes one row, or none when the lock has expired or another process holds it. */
  renewLock(prefix: string, token: string, ttl: number): Sql;
  /** Removes the lock with this token only; notifies the followers if the server has notifications. */
  releaseLock(prefix: string, token: string): Sql;

  /** Sets the fencing token to one more than the last, and to at least the server's time and `lowest`. */
  beginTerm(prefix: string, lowest: number): Sql;
  /** → number, the fencing token; no row before the first term. Locks the row until the transaction ends. */
  selectTermForUpdate(prefix: string): Sql;

  /** → entry, record (the state); in the order of entries, from `from` on. */
  readStates(prefix: string, from: string, limit: number): Sql;
  /** → entry, record; of these entries. */
  findStates(prefix: string, entries: readonly string[]): Sql;
  writeStates(prefix: string, records: readonly Named[]): Sql;
  removeState(prefix: string, entry: string): Sql;

  /** → entry, definition, state, dueAt; of these stored entries. */
  findEntries(prefix: string, entries: readonly string[]): Sql;
  /** → as `findEntries`; by `dueAt`, then by entry, after that position. */
  readEntries(prefix: string, after: EntryPosition, dueBy: number, limit: number): Sql;
  /** → entry, record, which is null when the state was removed; of these stored entries. */
  findEntryStates(prefix: string, entries: readonly string[]): Sql;
  writeEntries(prefix: string, rows: readonly EntryRow[]): Sql;
  /** Writes state and `dueAt` of those that exist; their definitions stay. */
  writeEntryStates(prefix: string, rows: readonly Omit<EntryRow, 'definition'>[]): Sql;
  removeEntries(prefix: string, entries: readonly string[]): Sql;
  removeEntryState(prefix: string, entry: string): Sql;

  /** → entry, dueAt; of stored entries by `dueAt`, then by entry, after that position. */
  readPositions(prefix: string, after: EntryPosition, limit: number): Sql;
  /** → entry; names of stored entries from `least` on and after `after`, sorted. */
  readNames(prefix: string, least: string, after: string, limit: number): Sql;

  writeInstance(prefix: string, id: string, json: string): Sql;
  removeInstance(prefix: string, id: string): Sql;
  /** Removes those that were not written for that long. */
  removeGoneInstances(prefix: string, ms: number): Sql;
  /** → json, ago (milliseconds since it was written). */
  readInstances(prefix: string, ms: number): Sql;

  writeBroadcast(exchange: string, id: string, payload: string): Sql;
  /** Removes broadcasts that are older than `ms` milliseconds. */
  removeOldBroadcasts(exchange: string, ms: number): Sql;
  /** → id, payload; of the broadcasts of the last `ms` milliseconds. */
  readBroadcasts(exchange: string, ms: number): Sql;

  appendMessages(prefix: string, messages: readonly Named[]): Sql;
  /** → id; of these, the ones in the outbox. */
  findPending(prefix: string, ids: readonly string[]): Sql;
  /** → id, message; in the order of ids. */
  readPending(prefix: string, after: string, limit: number): Sql;
  removeMessages(prefix: string, ids: readonly string[]): Sql;

  /** Notifies the leader if the server has notifications. */
  appendCommand(prefix: string, json: string): Sql;
  /** → key, bytes (of the text); oldest first. */
  readCommandSizes(prefix: string, limit: number): Sql;
  /** → key, json; of these commands. */
  readCommands(prefix: string, keys: readonly string[]): Sql;
  removeCommands(prefix: string, keys: readonly string[]): Sql;
  /** Overwrites rows of the same ids, because a commit may be repeated. */
  writeAudit(prefix: string, rows: readonly Named[]): Sql;
  /** → id, json; of these ids. */
  findAudit(prefix: string, ids: readonly string[]): Sql;
  /** → id, json; newest first. */
  readAudit(prefix: string, limit: number): Sql;
  removeAudit(prefix: string, id: string): Sql;
  /** Deletes all audit rows but the newest `rows`. */
  trimAudit(prefix: string, rows: number): Sql;

  appendHistory(prefix: string, rows: readonly EncodedRow[]): Sql;
  /** → position, json; of rows before the position `end`, newest first. */
  readHistory(prefix: string, entry: string, end: number, limit: number): Sql;
  /** → entry, json; of each entry the newest rows, newest first. */
  readLatest(prefix: string, entries: readonly string[], limit: number): Sql;
  /** Another minute in a slot is replaced. */
  addMinutes(prefix: string, minutes: readonly MinuteCounts[]): Sql;
  /** → number, published, skipped, succeeded, failed. */
  readMinutes(prefix: string): Sql;
  /** Deletes all rows of each entry but its newest `rows`. */
  trimHistory(prefix: string, entries: readonly string[], rows: number): Sql;
  /** Deletes these rows of an entry. */
  removeRows(prefix: string, entry: string, positions: readonly string[]): Sql;
  /** Deletes up to `limit` rows from before `oldest`. */
  expireHistory(prefix: string, oldest: number, limit: number): Sql;

  /** → id; no row when the queue is not declared. */
  readQueue(name: string): Sql;
  /** Another process may declare the queue at the same time: this changes no row then, or is `retryable`. */
  declareQueue(name: string): Sql;
  /**
   * Workers receive visible rows ordered by timestamp, then id. The timestamp is NULL, as kombu's own producer
   * leaves it, so the order is first in, first out.
   */
  insertMessages(rows: readonly MessageRow[]): Sql;
  /**
   * → id; of up to `limit` rows that workers have consumed, without the newest `kept`. The timestamp of a
   * consumed row is the worker's local time, so rows are counted rather than aged.
   */
  findConsumed(limit: number, kept: number): Sql;
  deleteConsumed(ids: readonly number[]): Sql;
}

/** The columns of a lock's row that are compared. */
export interface LockRow {
  readonly token: string;
  readonly expiresAt: number;
}
