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
import type { Clock } from '../../util/clock.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import type { Statements } from './statements.ts';

/** Expired rows that one deletion removes at most, after so many rows were appended. */
const CHUNK = 500;

export interface SqlHistoryOptions {
  readonly db: Database;
  readonly sql: Statements;
  readonly prefix: string;
  readonly limits: HistoryLimits;
  readonly clock: Clock;
}

export class SqlHistory implements History {
  readonly #options: SqlHistoryOptions;
  /** Rows appended since the last deletion of expired ones. Not zero at first: an earlier run of beat left some. */
  #appended = CHUNK;

  constructor(options: SqlHistoryOptions) {
    this.#options = options;
  }

  get limits(): HistoryLimits {
    return this.#options.limits;
  }

  async read(
    entry: string,
    { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage> {
    const { db, sql, prefix } = this.#options;
    const end = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
    const rows = await db.read('history.read', sql.readHistory(prefix, entry, end, limit));
    const stored = rows.map(({ position, json }) => ({
      ...{ position: String(position), text: String(json) },
    }));
    return toPage(stored, limit, this.#oldest);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    const encoded = encodeRows(rows);
    if (encoded.length === 0) return;
    await this.#options.db.transaction('history.append', (tx) => this.write(tx, encoded));
    await this.prune(encoded);
  }

  /** Appends rows. Part of the transaction of a commit. */
  async write(tx: Transaction, rows: readonly EncodedRow[]): Promise<void> {
    const { sql, prefix } = this.#options;
    for (const chunk of inChunks(rows, ({ entry, text }) => entry.length + text.length)) {
      await tx.run(sql.appendHistory(prefix, chunk));
    }
  }

  /**
   * Removes surplus rows, after these were appended. Runs apart from the commit, which must not fail because of it:
   * it never rejects, and what it did not remove a later call removes.
   */
  async prune(rows: readonly EncodedRow[]): Promise<void> {
    const { db, sql, prefix, limits } = this.#options;
    this.#appended += rows.length;
    const share = rowsUntilTrim(limits);
    const chosen = new Set(rows.flatMap(({ entry }) => (Math.random() * share < 1 ? entry : [])));
    try {
      for (const entry of chosen) {
        await db.write('history.prune', sql.trimHistory(prefix, entry, limits.limit));
      }
      if (this.#appended < CHUNK) return;
      const count = this.#appended;
      const removed = await db.write(
        'history.prune',
        sql.expireHistory(prefix, this.#oldest, count),
      );
      // After a full chunk there may be more.
      this.#appended = removed === count ? CHUNK : 0;
    } catch {
      // Commits report an unreachable database.
    }
  }

  get #oldest(): number {
    return this.#options.clock.now() - this.#options.limits.maxAge;
  }
}
