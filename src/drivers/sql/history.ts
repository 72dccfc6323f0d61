import {
  decodeRows,
  encodeHistory,
  encodeRows,
  toPage,
  type EncodedHistory,
  type EntryRow,
  type History,
  type HistoryLimits,
  type HistoryPage,
  type HistoryPosition,
  type HistoryRow,
  type RecordedChange,
} from '../../contracts/store/history.ts';
import { COUNTERS, toMinutes, type MinuteCounts, type StoredMinute } from '../../contracts/store/minutes.ts';
import type { Clock } from '../../util/clock.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import type { SqlRow } from './dialect.ts';
import type { Statements } from './statements.ts';

/**
 * Entries whose rows one statement reads or trims. Without LATERAL it has one part per entry, and SQLite allows 500
 * parts.
 */
const NAMES = 100;

/** Expired rows that one deletion removes at most. A deletion follows when as many rows were appended. */
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
  /**
   * Rows appended since expired rows were last deleted. It starts at a whole chunk, because an earlier run of beat left
   * some.
   */
  #appended = CHUNK;

  constructor(options: SqlHistoryOptions) {
    this.#options = options;
  }

  async read(
    entry: string,
    { limit, before }: { readonly limit: number; readonly before?: HistoryPosition | undefined },
  ): Promise<HistoryPage> {
    const { db, sql, prefix } = this.#options;
    const end = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
    const rows = await db.read('history.read', sql.readHistory(prefix, entry, end, limit));
    const stored = rows.map(({ position, json }) => ({ position: String(position), text: String(json) }));
    return toPage(entry, stored, limit, this.#oldest);
  }

  async latest(entries: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
    const { db, sql, prefix } = this.#options;
    const found = new Map<string, string[]>(entries.map((entry) => [entry, []]));
    for (let from = 0; from < entries.length; from += NAMES) {
      const names = entries.slice(from, from + NAMES);
      const rows = await db.read('history.latest', sql.readLatest(prefix, names, limit));
      for (const { entry, json } of rows) found.get(String(entry))!.push(String(json));
    }
    return new Map([...found].map(([entry, texts]) => [entry, decodeRows(texts, this.#oldest)]));
  }

  async minutes(from: number, to: number): Promise<readonly MinuteCounts[]> {
    const { db, sql, prefix } = this.#options;
    const rows = await db.read('history.minutes', sql.readMinutes(prefix));
    return toMinutes(rows.map(toStoredMinute), from, to);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    if (rows.length === 0) return;
    const encoded = encodeRows(rows, this.#options.clock.now());
    await this.#options.db.transaction('history.append', (tx) => this.write(tx, encoded));
    await this.prune(encoded, this.#options.db.separately('history.prune'));
  }

  async removeRows(entry: string, positions: readonly HistoryPosition[]): Promise<void> {
    const { db, sql, prefix } = this.#options;
    for (const chunk of inChunks(positions, (position) => position.length)) {
      await db.write('history.removeRows', sql.removeRows(prefix, entry, chunk));
    }
  }

  /** Appends rows that belong to no commit. Part of a transaction. */
  async writeRows(tx: Transaction, rows: readonly EntryRow[]): Promise<void> {
    if (rows.length > 0) await this.write(tx, encodeRows(rows, this.#options.clock.now()));
  }

  /** Encodes the rows and counts that a commit of these changes appends. */
  encode(changes: readonly RecordedChange[]): EncodedHistory {
    return encodeHistory(changes, this.#options.limits, this.#options.clock.now());
  }

  /** Appends rows with their counts. Part of the transaction of a commit. */
  async write(tx: Transaction, { rows, minutes }: EncodedHistory): Promise<void> {
    const { sql, prefix } = this.#options;
    if (minutes.length > 0) await tx.run(sql.addMinutes(prefix, minutes));
    for (const chunk of inChunks(rows, ({ entry, text }) => entry.length + text.length)) {
      await tx.run(sql.appendHistory(prefix, chunk));
    }
  }

  /**
   * Removes surplus rows after an append. Never rejects, so that the commit does not fail; a later call removes the
   * rest.
   */
  async prune({ rows }: EncodedHistory, tx: Transaction): Promise<void> {
    const { sql, prefix, limits } = this.#options;
    this.#appended += rows.length;
    const share = rowsUntilTrim(limits);
    const chosen = [...new Set(rows.flatMap(({ entry }) => (Math.random() * share < 1 ? entry : [])))];
    try {
      for (let from = 0; from < chosen.length; from += NAMES) {
        const names = chosen.slice(from, from + NAMES);
        await tx.run(sql.trimHistory(prefix, names, limits.limit));
      }
      if (this.#appended < CHUNK) return;
      const count = this.#appended;
      const { changes } = await tx.run(sql.expireHistory(prefix, this.#oldest, count));
      // After a full chunk there may be more.
      this.#appended = changes === count ? CHUNK : 0;
    } catch {
      // Commits report an unreachable database.
    }
  }

  get #oldest(): number {
    return this.#options.clock.now() - this.#options.limits.maxAge;
  }
}

/** Drivers return some numbers as texts. */
function toStoredMinute(row: SqlRow): StoredMinute {
  const names = ['number', ...COUNTERS] as const;
  return Object.fromEntries(names.map((name) => [name, Number(row[name])])) as StoredMinute;
}
