import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { missingRight } from './rights.ts';
import { SCHEMA } from './schema.ts';

/** How long SQLite itself may wait for a lock, which blocks the process. Milliseconds. */
const BUSY_TIMEOUT = 3;

/**
 * Pauses between attempts while other processes lock the file; the last one repeats. They are short, because SQLite has no
 * queue: a writer that looks rarely waits long beside one that writes all the time. Milliseconds.
 */
const PAUSES = [1, 2, 5];

/** How long all attempts together may take by default. Milliseconds. */
const TIMEOUT = 5_000;

/**
 * One SQLite file, opened at its first use. The work of a `read` or `write` runs synchronously. Between attempts
 * on a locked file the event loop is free.
 */
export class Database {
  readonly path: string;
  readonly #clock: Clock;
  readonly #schema: string;
  readonly #closed = new AbortController();
  #open: OpenFile | null = null;

  /** `schema` creates the tables that are missing; by default those of beat and kombu. */
  constructor(path: string, clock: Clock, schema = SCHEMA) {
    this.#schema = schema;
    this.path = resolve(path);
    this.#clock = clock;
  }

  /** Whether the file exists. */
  exists(): boolean {
    return existsSync(this.path);
  }

  /** Runs `work`, which only reads. Rejects with a `StoreError` that names the operation. */
  read<T>(operation: string, work: (db: OpenFile) => T, timeout = TIMEOUT): Promise<T> {
    return this.#retryWhileBusy(operation, timeout, () => work(this.#use()));
  }

  /** Runs `work` as one transaction. When this resolves, all of it is on disk; when it rejects, nothing is. */
  write<T>(operation: string, work: (db: OpenFile) => T, timeout = TIMEOUT): Promise<T> {
    return this.#retryWhileBusy(operation, timeout, () => {
      const db = this.#use();
      // IMMEDIATE takes the write lock first: a transaction that begins with a read may fail at its first write.
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work(db);
        db.exec('COMMIT');
        return result;
      } finally {
        if (db.inTransaction) db.exec('ROLLBACK');
      }
    });
  }

  close(): void {
    this.#closed.abort();
    this.#open?.close();
    this.#open = null;
  }

  /**
   * Returns the open file, and opens the path again if the file was removed or replaced: workers would never see
   * commits to the former file.
   */
  #use(): OpenFile {
    if (this.#closed.signal.aborted) throw new Error('the store is closed');
    if (this.#open && !this.#open.stillAt(this.path)) {
      this.#open.close();
      this.#open = null;
    }
    return (this.#open ??= new OpenFile(this.path, this.#schema));
  }

  async #retryWhileBusy<T>(operation: string, timeout: number, attempt: () => T): Promise<T> {
    const started = this.#clock.monotonic();
    for (let attempts = 0; ; attempts++) {
      try {
        return attempt();
      } catch (error) {
        const waited = this.#clock.monotonic() - started;
        if (!isBusy(error) || waited >= timeout) throw this.#failure(operation, error, waited);
      }
      await this.#clock.sleep(PAUSES[attempts] ?? PAUSES.at(-1)!, this.#closed.signal);
    }
  }

  #failure(operation: string, error: unknown, waited: number): StoreError {
    let reason = error instanceof Error ? error.message : String(error);
    if (isBusy(error)) reason += `, for ${Math.round(waited)} ms by other processes`;
    else if (!existsSync(dirname(this.path))) reason = 'the directory does not exist';
    else reason = missingRight(this.path) ?? reason;
    return new StoreError(`${operation}: ${this.path}: ${reason}`, { cause: error });
  }
}

/** Creates an empty file; opening a file that another connection has just created would drop its locks. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', PRIVATE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A connection with its prepared statements, and the inode of the file that it opened. */
export class OpenFile {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: string;

  constructor(path: string, schema: string) {
    // SQLite copies the mode of the file to -wal and -shm. Other users must not read task arguments.
    if (!existsSync(path)) createPrivate(path);
    // Workers' driver does not enforce foreign keys.
    this.#db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
      this.#db.exec(SETTINGS);
      this.#db.exec(`BEGIN IMMEDIATE; ${schema}; COMMIT`);
      this.#inode = inode(path);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Prepares the statement at its first use. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#db.prepare(text)));
    return statement;
  }

  stillAt(path: string): boolean {
    return inode(path) === this.#inode;
  }

  close(): void {
    this.#db.close();
  }
}

/** The mode of a new file, reduced by the umask. */
const PRIVATE = 0o600;

const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`;

function inode(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : '';
}

/** Whether the error is SQLITE_BUSY or SQLITE_LOCKED, with any extended code. */
function isBusy(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'))
    return false;
  const code = error.errcode & 0xff;
  return code === 5 || code === 6;
}
