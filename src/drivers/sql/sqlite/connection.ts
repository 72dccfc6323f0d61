import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Clock } from '../../../util/clock.ts';
import type { Connection, ErrorKind, SqlResult } from '../dialect.ts';
import type { Sql } from '../sql.ts';

/** How long SQLite itself may wait for a lock, which blocks the process. Milliseconds. */
const BUSY_TIMEOUT = 3;

/** The most prepared statements that a connection caches: each length of a list makes another text. */
const STATEMENTS = 100;

/** The mode of a new file, reduced by the umask. */
const PRIVATE = 0o600;

/** An open file. Statements answer in a microtask, so that nothing else of this process runs in a transaction. */
export class OpenFile implements Connection {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #inode: string;
  readonly #statements = new Map<string, PreparedStatement>();

  constructor(path: string, clock: Clock, isReadOnly = false) {
    this.#path = path;
    // SQLite copies the mode of the file to -wal and -shm. Other users must not read task arguments.
    if (!isReadOnly && !existsSync(path)) createPrivate(path);
    this.#db = new DatabaseSync(path, {
      timeout: BUSY_TIMEOUT,
      // The driver of the workers does not enforce foreign keys.
      enableForeignKeyConstraints: false,
      readOnly: isReadOnly,
    });
    try {
      if (!isReadOnly) this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      this.#db.function('beat_now', () => clock.now());
      this.#inode = inode(path);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Whether the file is open and still at its path: workers would not see commits to a removed or replaced file. */
  get usable(): boolean {
    return this.#db.isOpen && inode(this.#path) === this.#inode;
  }

  async run({ text, values }: Sql): Promise<SqlResult> {
    const hasList = values.some((value) => Array.isArray(value));
    const { statement, hasRows } = this.#prepare(hasList ? expandLists(text, values) : text);
    const parameters = (hasList ? values.flat() : values) as SQLInputValue[];
    if (hasRows) return { rows: statement.all(...parameters), changes: 0 };
    return { rows: [], changes: Number(statement.run(...parameters).changes) };
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(text: string): PreparedStatement {
    let prepared = this.#statements.get(text);
    if (!prepared) {
      const statement = this.#db.prepare(text);
      // Without this setting, Node rejects numbers that are too large for JavaScript.
      statement.setReadBigInts(true);
      prepared = { statement, hasRows: statement.columns().length > 0 };
      if (this.#statements.size === STATEMENTS) this.#statements.clear();
      this.#statements.set(text, prepared);
    }
    return prepared;
  }
}

interface PreparedStatement {
  readonly statement: StatementSync;
  readonly hasRows: boolean;
}

/** Expands the `?` of each list to one `?` per value. */
function expandLists(text: string, values: readonly unknown[]): string {
  let i = 0;
  return text.replaceAll('?', () => {
    const value = values[i++];
    return Array.isArray(value) ? value.map(() => '?').join(', ') : '?';
  });
}

/** Creates an empty file. It never opens an existing one: closing that would drop the locks of other connections. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', PRIVATE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function inode(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : '';
}

/** SQLITE_BUSY and SQLITE_LOCKED, with any extended code. */
const LOCKED = [5, 6];

export function classifyError(error: unknown): ErrorKind {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return 'other';
  if (LOCKED.includes(error.errcode & 0xff)) return 'retryable';
  return error.message.startsWith('no such table: ') ? 'undefined-table' : 'other';
}
