import {
  encodeRows,
  toPage,
  type EncodedRow,
  type EntryRow,
  type History,
  type HistoryLimits,
  type HistoryPage,
  type HistoryPosition,
} from '../../store/history.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import type { Clock } from '../../util/clock.ts';
import type { Database, OpenFile } from './database.ts';
import { APPEND_HISTORY, EXPIRE_HISTORY, READ_HISTORY, TRIM_HISTORY } from './statements.ts';

/** Expired rows that one append deletes at most, after so many rows were appended. */
const CHUNK = 500;

export class SqliteHistory implements History {
  readonly limits: HistoryLimits;
  readonly #db: Database;
  readonly #prefix: string;
  readonly #clock: Clock;
  /** Rows appended since the last deletion of expired ones. Not zero at first: an earlier run of beat left some. */
  #appended = CHUNK;

  constructor(db: Database, prefix: string, limits: HistoryLimits, clock: Clock) {
    this.#db = db;
    this.#prefix = prefix;
    this.limits = limits;
    this.#clock = clock;
  }

  async read(
    entry: string,
    { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage> {
    if (!this.#db.exists()) return { rows: [], next: null };
    const end = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
    const stored = await this.#db.read('history.read', (db) =>
      db
        .sql(READ_HISTORY)
        .all(this.#prefix, entry, end, limit)
        .map(({ position, json }) => ({ position: String(position), text: String(json) })),
    );
    return toPage(stored, limit, this.#oldest);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    if (rows.length === 0) return;
    const encoded = encodeRows(rows);
    await this.#db.write('history.append', (db) => {
      this.write(db, encoded);
    });
  }

  /** Appends rows and removes surplus ones. Part of the transaction of a commit. */
  write(db: OpenFile, rows: readonly EncodedRow[]): void {
    const append = db.sql(APPEND_HISTORY);
    for (const { entry, at, text } of rows) {
      append.run(this.#prefix, entry, at, text);
      if (Math.random() * rowsUntilTrim(this.limits) >= 1) continue;
      db.sql(TRIM_HISTORY).run(this.#prefix, entry, this.#prefix, entry, this.limits.limit);
    }
    this.#appended += rows.length;
    if (this.#appended < CHUNK) return;
    const { changes } = db.sql(EXPIRE_HISTORY).run(this.#prefix, this.#oldest, this.#appended);
    // After a full chunk there may be more.
    this.#appended = changes === this.#appended ? CHUNK : 0;
  }

  get #oldest(): number {
    return this.#clock.now() - this.limits.maxAge;
  }
}
