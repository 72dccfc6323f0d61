import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import {
  FINAL_STATES_SQL,
  readResultRow,
  RESULT_TABLE,
} from '../../celery/message/task-outcome.ts';
import type { Outcomes, ResultReader } from '../../contracts/store/result-reader.ts';
import { describeError, StoreError } from '../../util/errors.ts';
import { sqlitePath } from './path.ts';

const NOTHING: Outcomes = { ended: [], unreadable: new Map() };

/** Opens Celery's result backend in an SQLite file, to read from it. Throws a `ConfigError` for an invalid URL. */
export function openSqliteResultReader(server: ServerUrls): ResultReader {
  return new SqliteResultReader(resolve(sqlitePath(server.url)));
}

/** Reads a file that workers create and write; it stays as it is. */
class SqliteResultReader implements ResultReader {
  readonly #path: string;
  #open: { readonly db: DatabaseSync; readonly inode: number } | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async read(taskIds: readonly string[]): Promise<Outcomes> {
    try {
      const db = this.#use();
      const columns = db
        ? db.prepare('SELECT name FROM pragma_table_info(?)').all(RESULT_TABLE)
        : [];
      if (!db || columns.length === 0) return NOTHING;
      const hasWorker = columns.some(({ name }) => name === 'worker');
      const rows = db.prepare(readOutcomes(taskIds.length, hasWorker)).all(...taskIds);
      return { ended: rows.map(readResultRow), unreadable: new Map() };
    } catch (error) {
      const text = `outcomes.read: ${this.#path}: ${describeError(error)}`;
      throw new StoreError(text, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#open?.db.close();
    this.#open = null;
  }

  /** `undefined` before a worker has created the file; another connection when it was replaced. */
  #use(): DatabaseSync | undefined {
    if (!existsSync(this.#path)) return undefined;
    const inode = statSync(this.#path).ino;
    if (this.#open?.inode !== inode) {
      this.#open?.db.close();
      const db = new DatabaseSync(this.#path, { readOnly: true });
      db.exec('PRAGMA busy_timeout = 10');
      this.#open = { db, inode };
    }
    return this.#open.db;
  }
}

/** The end of a traceback is enough, and results may have megabytes. */
function readOutcomes(count: number, withWorker: boolean): string {
  return `
    SELECT task_id, status, date_done AS done, substr(traceback, -2000) AS traceback${withWorker ? ', worker' : ''}
    FROM ${RESULT_TABLE}
    WHERE task_id IN (${Array.from({ length: count }, () => '?').join(', ')})
      AND status IN (${FINAL_STATES_SQL})`;
}
