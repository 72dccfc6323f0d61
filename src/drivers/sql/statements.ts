/** One statement with its parameters, as the server's dialect wants it. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A message as its row will be. */
export interface MessageRow {
  readonly payload: string;
  readonly queueId: number;
}

/** A text under a name: the state of an entry, the message of an outbox id. */
export type Named = readonly [name: string, text: string];

/**
 * Every statement of a dialect, with the columns of its rows. Instants and spans are milliseconds, instants
 * of the server's clock since the Unix epoch. A list becomes one statement: callers pass lists that are not
 * too long, and never empty.
 */
export interface Statements {
  /** Makes all tables that lack. Repeating it, or two at once, does no harm. */
  readonly schema: readonly Sql[];
  /** Indexes for the workers' sake: who may not make them goes on without. */
  readonly gifts: readonly Sql[];
  readonly begin: Sql;
  readonly commit: Sql;
  readonly rollback: Sql;
  /** → now */
  readonly clock: Sql;

  /** → token, expiresAt, ttl, over; no row when the lock is free. */
  readLock(prefix: string): Sql;
  /** Changes one row, or none when somebody else was faster. For a lock that has no row. */
  takeFreeLock(prefix: string, token: string, ttl: number): Sql;
  /** The same for a lock that was read as `seen`, and has not changed since. */
  takeOverLock(prefix: string, token: string, ttl: number, seen: LockRow): Sql;
  /** Changes one row, or none when the lock is another's or has expired. */
  renewLock(prefix: string, token: string, ttl: number): Sql;
  /** Leaves the lock of another alone; tells the followers where the server can. */
  releaseLock(prefix: string, token: string): Sql;

  /** One more than the last, and at least the server's time and `lowest`. */
  beginTerm(prefix: string, lowest: number): Sql;
  /** → number, the fencing token; no row before the first term. Other transactions wait here until this one ends. */
  holdTerm(prefix: string): Sql;

  /** → entry, record; in the order of entries, beginning with `from`. A state is in the column `record`. */
  readStates(prefix: string, from: string, limit: number): Sql;
  /** → entry, record; of these entries. */
  findStates(prefix: string, entries: readonly string[]): Sql;
  writeStates(prefix: string, records: readonly Named[]): Sql;
  removeState(prefix: string, entry: string): Sql;

  appendMessages(prefix: string, messages: readonly Named[]): Sql;
  /** → id; of these, those that are in the outbox. */
  findPending(prefix: string, ids: readonly string[]): Sql;
  /** → id, message; in the order of ids. */
  readPending(prefix: string, after: string, limit: number): Sql;
  removeMessages(prefix: string, ids: readonly string[]): Sql;

  appendCommand(prefix: string, json: string): Sql;
  /** → key, json; oldest first. */
  readCommands(prefix: string, limit: number): Sql;
  removeCommands(prefix: string, keys: readonly string[]): Sql;
  /** A repeated commit writes the same rows again. */
  writeAudit(prefix: string, rows: readonly Named[]): Sql;
  /** → id, json; of these ids. */
  findAudit(prefix: string, ids: readonly string[]): Sql;
  /** → json; newest first. */
  readAudit(prefix: string, limit: number): Sql;
  /** Deletes all audit rows but the newest `rows`. */
  trimAudit(prefix: string, rows: number): Sql;

  /** → id; no row when the queue is not declared. */
  readQueue(name: string): Sql;
  /** Nothing where it is declared meanwhile. */
  declareQueue(name: string): Sql;
  /**
   * Workers take visible rows ordered by timestamp, then id. Like kombu's own producer this leaves the
   * timestamp NULL, so the order is first in, first out.
   */
  insertMessages(rows: readonly MessageRow[]): Sql;
  /**
   * → id; of up to `most` rows that workers have taken, sparing the newest `kept`. A taken row has a
   * timestamp, in some worker's local time, so rows are counted, not aged; nothing makes it visible again.
   */
  findTaken(most: number, kept: number): Sql;
  deleteTaken(ids: readonly number[]): Sql;
}

/** A lock's row, as far as it is compared. */
export interface LockRow {
  readonly token: string;
  readonly expiresAt: number;
}
