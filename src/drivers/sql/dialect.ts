import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import type { Clock } from '../../util/clock.ts';
import type { Sql } from './sql.ts';
import type { Statements } from './statements.ts';

export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlResult {
  readonly rows: readonly SqlRow[];
  readonly changes: number;
}

/** One session on a server or an open file: statements one after the other. */
export interface Connection {
  readonly usable: boolean;
  /** Rejects with the client's own error. If no answer came in time, the connection is no longer usable. */
  run(statement: Sql): Promise<SqlResult>;
  /** Ends the session; cuts the connection when the server does not answer. Never rejects. */
  close(): Promise<void>;
}

/**
 * What an error of a client or server means.
 * `invalid-data`: the server rejects a value, and would reject it again.
 * `denied`: the user lacks a right.
 * `retryable`: the server rolled the transaction back for a passing reason, such as a deadlock, or a file is locked.
 * `undefined-table`: a table does not exist.
 * `other`: any other error of the server.
 * `connection-lost`: there was no answer, or no further answer will come over this connection.
 */
export type ErrorKind = 'invalid-data' | 'denied' | 'retryable' | 'undefined-table' | 'other' | 'connection-lost';

/** A follower is notified of a release of the lock, a leader of a new command. */
export type Subject = 'release' | 'command';

/**
 * Calls `notify` for each notification of a key prefix, and on every subject as soon as it listens. Resolves or rejects
 * when the connection is lost, or soon after the signal aborts.
 */
export type Listen = (prefix: string, notify: (subject: Subject) => void, signal: AbortSignal) => Promise<void>;

/** A database in a file, which has neither users with rights nor a timeout for answers. */
export interface DatabaseFile {
  /** Reading does not create the file. */
  exists(): boolean;
  /** Why an operation failed after `waited` milliseconds. */
  describe(error: unknown, waited: number): string;
}

/** A database at one URL, and what differs between the products. Creating it opens no connection. */
export interface SqlDialect {
  readonly name: string;
  /** For messages; without the password. */
  readonly location: string;
  /** The user of the connection; `null` if the client chooses it. */
  readonly user: string | null;
  /** Masks the password in texts that the server sent. */
  readonly mask: (text: string) => string;
  readonly sql: Statements;
  /** Creates all missing tables. It may be repeated, also by two processes at once. */
  readonly schema: readonly Sql[];
  /** Indexes that speed up the workers. beat does without them if its user may not create them. */
  readonly workerIndexes: readonly Sql[];
  /** `null` for a database on a server. */
  readonly file: DatabaseFile | null;
  /** `name` shows the server's administrator the purpose of the connection. An abort ends the attempt. */
  connect(name: string, signal: AbortSignal): Promise<Connection>;
  classifyError(error: unknown): ErrorKind;
  /** `null` if the server has no notifications: followers and leaders poll. */
  readonly listen: Listen | null;
}

/** The purpose of opening a database: beat's own tables, Celery's results, or only reading. */
export type DatabaseUse = 'store' | 'results' | 'reading';

export interface SqlProduct {
  /** The database of a URL. Throws a `ConfigError` for an invalid one. `timeout` limits an answer, in milliseconds. */
  readonly createDialect: (server: ServerUrl, timeout: number, clock: Clock, use: DatabaseUse) => SqlDialect;
  /** Returns a canonical text: equal for all URLs of one database and user. Users differ in their rights. */
  readonly normalize: (server: ServerUrl) => string;
  readonly resultTables: readonly Sql[];
}
