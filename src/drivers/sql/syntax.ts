import { join, raw, sql, type Sql } from './sql.ts';

/** A position in the order of stored entries; `dueAt` is epoch milliseconds, or `NEVER_DUE`. */
export interface EntryPosition {
  readonly entry: string;
  readonly dueAt: number;
}

/** The types of the columns in a list of rows, by name. */
export type ListColumns = Readonly<Record<string, 'text' | 'bigint'>>;

export interface InsertedRows {
  readonly into: string;
  /** Columns that have the same value, or the same expression, in each row. */
  readonly constants: Readonly<Record<string, Sql>>;
  readonly columns: ListColumns;
  readonly rows: readonly (readonly unknown[])[];
}

/** The parts of statements that differ between products. */
export interface Syntax {
  readonly begin: Sql;
  /** Milliseconds since the Unix epoch by the server's clock, at this moment of a transaction. */
  readonly now: Sql;
  /** As `now`, with fractions; `null` if the clock is this process's own. */
  readonly preciseNow: Sql | null;
  readonly forUpdate: Sql;
  /** The function that returns the larger of two numbers. */
  readonly greatest: Sql;
  readonly true: Sql;
  readonly false: Sql;
  readonly isConsumed: Sql;
  /** The time as kombu stores it in a row that a worker has consumed. */
  readonly consumedAt: Sql;
  /** Names the index for a planner that would not find it. */
  readonly along: (index: string) => Sql;
  readonly anyOf: (column: string, list: readonly unknown[]) => Sql;
  readonly named: (column: string, prefix: string, list: readonly string[]) => Sql;
  /** Whether a stored entry is after a position in the order of `due_at` and entry. */
  readonly isAfter: (position: EntryPosition) => Sql;
  /** Inserts rows in their order. */
  readonly insert: (rows: InsertedRows) => Sql;
  /** After an `INSERT`: changes the row that has the same key. */
  readonly onConflict: (key: string) => Sql;
  /** In `onConflict`, the value of a column that would have been inserted. */
  readonly inserted: (column: string) => Sql;
  /** The id column of kombu's or Celery's tables and its next value, each with its comma; or nothing. */
  readonly nextId: (sequence: string) => { readonly column: string; readonly value: string };
  /** The rows of the history of each entry after the newest `offset`: → entry, position, json; newest first. */
  readonly newestRows: (prefix: string, entries: readonly string[], limit: number, offset: number) => Sql;
  readonly lastCharacters: (column: string, count: number) => Sql;
  readonly textType: Sql;
  readonly quote: (name: string) => Sql;
  /** → name; of the columns of a table, no row if it does not exist. */
  readonly listColumns: (table: string) => Sql;
  readonly beginReadOnly: Sql;
  readonly statements: OwnStatements;
}

/** The statements that each product writes in its own way. */
export interface OwnStatements {
  /** Takes a lock that has no row. Changes one row, or none if another process was faster. */
  takeFreeLock(prefix: string, token: string, ttl: number): Sql;
  /** Removes the lock with this token only; notifies the followers if the server has notifications. */
  releaseLock(prefix: string, token: string): Sql;
  /** Notifies the leader if the server has notifications. */
  appendCommand(prefix: string, json: string): Sql;
  /** Deletes the rows of each entry that are not newer than its row in `surplus` (→ entry, position). */
  deleteOlderRows(prefix: string, surplus: Sql): Sql;
  /** Deletes up to `limit` rows of the history from before `oldest`. */
  expireHistory(prefix: string, oldest: number, limit: number): Sql;
  /** If another process declares the queue at the same time, this changes no row or fails as `retryable`. */
  declareQueue(name: string): Sql;
}

/** Lists as rows of placeholders, for products without arrays. */
export const PLACEHOLDER_LISTS = {
  anyOf: (column, list) => sql`${raw(column)} IN (${list})`,
  named: (column, prefix, list) => sql`prefix = ${prefix} AND ${raw(column)} IN (${list})`,
  insert: ({ into, constants, columns, rows }) => {
    const names = [...Object.keys(constants), ...Object.keys(columns)].join(', ');
    const row = [...Object.values(constants).map(({ text }) => text)];
    const fixed = Object.values(constants).flatMap(({ values }) => values);
    const placeholders = `(${[...row, ...Object.keys(columns).map(() => '?')].join(', ')})`;
    return {
      text: `INSERT INTO ${into} (${names}) VALUES ${rows.map(() => placeholders).join(', ')}`,
      values: rows.flatMap((each) => [...fixed, ...each]),
    };
  },
  newestRows: (prefix, entries, limit, offset) =>
    join(
      entries.map(
        (entry) => sql`SELECT * FROM (
          SELECT entry, position, json FROM beat_history WHERE prefix = ${prefix} AND entry = ${entry}
          ORDER BY position DESC LIMIT ${limit} OFFSET ${offset}) AS part`,
      ),
      ' UNION ALL ',
    ),
} satisfies Partial<Syntax>;

/** `INSERT … ON CONFLICT`, which PostgreSQL and SQLite have. */
export const ON_CONFLICT = {
  onConflict: (key) => raw(`ON CONFLICT (${key}) DO UPDATE SET`),
  inserted: (column) => raw(`excluded.${column}`),
} satisfies Partial<Syntax>;

/** The statements that are equal in PostgreSQL and SQLite, given `now`. */
export const shareStatements = (now: Sql) =>
  ({
    takeFreeLock: (prefix, token, ttl) => sql`
      INSERT INTO beat_lock (prefix, token, expires_at, ttl)
      VALUES (${prefix}, ${token}, ${now} + ${ttl}, ${ttl}) ON CONFLICT (prefix) DO NOTHING`,
    expireHistory: (prefix, oldest, limit) => sql`
      DELETE FROM beat_history WHERE position IN (
        SELECT position FROM beat_history WHERE prefix = ${prefix} AND at < ${oldest}
        ORDER BY prefix, at LIMIT ${limit})`,
  }) satisfies Partial<OwnStatements>;

/** The statements that are equal in MySQL and SQLite. */
export const PLAIN_STATEMENTS = {
  releaseLock: (prefix, token) => sql`DELETE FROM beat_lock WHERE prefix = ${prefix} AND token = ${token}`,
  appendCommand: (prefix, json) => sql`INSERT INTO beat_command (prefix, json) VALUES (${prefix}, ${json})`,
} satisfies Partial<OwnStatements>;
