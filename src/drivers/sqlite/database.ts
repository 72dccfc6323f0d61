import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../util/clock.ts';
import { StoreError } from '../../util/errors.ts';
import { missingRight } from './rights.ts';
import { SCHEMA } from './schema.ts';

/** How long SQLite itself may wait for a lock: it blocks the whole process meanwhile. Milliseconds. */
const BUSY_TIMEOUT = 10;

/** Waits between tries, growing to the last, while others hold the file. Milliseconds. */
const WAITS = [2, 5, 10, 20, 40, 80];

/** How long a file that others hold is waited for in all, where the caller says nothing. Milliseconds. */
const PATIENCE = 5_000;

/**
 * One SQLite file. It is opened when first used. Everything inside one `read` or `write` happens without
 * a pause; waiting for other processes happens between tries, with the event loop free.
 */
export class Database {
  readonly path: string;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #open: OpenFile | null = null;

  constructor(path: string, clock: Clock) {
    this.path = resolve(path);
    this.#clock = clock;
  }

  /** Whether there is a file yet. */
  exists(): boolean {
    return existsSync(this.path);
  }

  /** Runs `work`, which only reads. Rejects with a `StoreError` that names the operation. */
  read<T>(operation: string, work: (db: OpenFile) => T, patience = PATIENCE): Promise<T> {
    return this.#patiently(operation, patience, () => work(this.#use()));
  }

  /** Runs `work` as one transaction: all of it is on disk once this resolves, or none of it happens. */
  write<T>(operation: string, work: (db: OpenFile) => T, patience = PATIENCE): Promise<T> {
    return this.#patiently(operation, patience, () => {
      const db = this.#use();
      // Immediate: a transaction that begins with a read may be refused in the middle, without waiting.
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
   * The open file, opened anew when another file (or none) stands at the path: a file removed or
   * replaced under a running beat would take commits that no worker ever sees.
   */
  #use(): OpenFile {
    if (this.#closed.signal.aborted) throw new Error('the store is closed');
    if (this.#open && !this.#open.stillAt(this.path)) {
      this.#open.close();
      this.#open = null;
    }
    return (this.#open ??= new OpenFile(this.path));
  }

  async #patiently<T>(operation: string, patience: number, attempt: () => T): Promise<T> {
    const started = this.#clock.monotonic();
    for (let tries = 0; ; tries++) {
      try {
        return attempt();
      } catch (error) {
        const waited = this.#clock.monotonic() - started;
        if (!isBusy(error) || waited >= patience) throw this.#failure(operation, error, waited);
      }
      await this.#clock.sleep(WAITS[tries] ?? WAITS.at(-1)!, this.#closed.signal);
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

/** A connection with its prepared statements, and the file that it was opened on. */
export class OpenFile {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: string;

  constructor(path: string) {
    // SQLite gives the mode of the file to -wal and -shm too. Arguments of tasks are for no other user.
    if (!existsSync(path)) closeSync(openSync(path, 'a', PRIVATE));
    // Foreign keys as the workers' driver has them: off.
    this.#db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
      this.#db.exec(SETTINGS);
      this.#db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`);
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

  /** The statement, prepared once. */
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

/** The mode of a new file, less what the umask takes away. */
const PRIVATE = 0o600;

const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`;

function inode(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : '';
}

/** SQLITE_BUSY or SQLITE_LOCKED, whatever the extended code says beyond. */
function isBusy(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'))
    return false;
  const code = error.errcode & 0xff;
  return code === 5 || code === 6;
}
