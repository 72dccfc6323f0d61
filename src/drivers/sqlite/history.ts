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
import { placeOfMinute, toMinutes } from '../../contracts/store/minutes.ts';
import type { MinuteCounts, StoredMinute } from '../../contracts/store/minutes.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import type { Clock } from '../../util/clock.ts';
import type { Database, OpenFile } from './database.ts';
import { ADD_MINUTE, READ_MINUTES } from './statements.ts';
import { APPEND_HISTORY, EXPIRE_HISTORY, READ_HISTORY } from './statements.ts';
import { REMOVE_ROW, TRIM_HISTORY } from './statements.ts';

/** Expired rows that one append deletes at most. It deletes when as many rows were appended. */
const CHUNK = 500;

export class SqliteHistory implements History {
  readonly #limits: HistoryLimits;
  readonly #db: Database;
  readonly #prefix: string;
  readonly #clock: Clock;
  /** Rows appended since the last deletion of expired ones. Not zero at first: an earlier run of beat left some. */
  #appended = CHUNK;

  constructor(db: Database, prefix: string, limits: HistoryLimits, clock: Clock) {
    this.#db = db;
    this.#prefix = prefix;
    this.#limits = limits;
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
    return toPage(entry, stored, limit, this.#oldest);
  }

  async latest(
    entries: readonly string[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly HistoryRow[]>> {
    if (!this.#db.exists()) return new Map(entries.map((entry) => [entry, []]));
    return this.#db.read('history.latest', (db) => {
      const read = db.sql(READ_HISTORY);
      return new Map(
        entries.map((entry) => {
          const rows = read.all(this.#prefix, entry, Number.MAX_SAFE_INTEGER, limit);
          const texts = rows.map(({ json }) => String(json));
          return [entry, decodeRows(texts, this.#oldest)];
        }),
      );
    });
  }

  async minutes(from: number, to: number): Promise<readonly MinuteCounts[]> {
    if (!this.#db.exists()) return [];
    const rows = await this.#db.read('history.minutes', (db) =>
      db.sql(READ_MINUTES).all(this.#prefix),
    );
    return toMinutes(rows as unknown as readonly StoredMinute[], from, to);
  }

  async append(rows: readonly EntryRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#db.write('history.append', (db) => {
      this.writeRows(db, rows);
    });
  }

  async removeRows(entry: string, positions: readonly HistoryPosition[]): Promise<void> {
    await this.#db.write('history.removeRows', (db) => {
      const remove = db.sql(REMOVE_ROW);
      for (const position of positions) remove.run(this.#prefix, entry, Number(position));
    });
  }

  /** Appends rows that belong to no commit. Part of a transaction. */
  writeRows(db: OpenFile, rows: readonly EntryRow[]): void {
    this.write(db, encodeRows(rows, this.#clock.now()));
  }

  /** What a commit of these changes appends. */
  encode(changes: readonly RecordedChange[]): EncodedHistory {
    return encodeHistory(changes, this.#limits, this.#clock.now());
  }

  /** Appends rows with their counts, and removes surplus ones. Part of the transaction of a commit. */
  write(db: OpenFile, { rows, minutes }: EncodedHistory): void {
    for (const { at, published, skipped, succeeded, failed } of minutes) {
      const { number, slot } = placeOfMinute(at);
      const counts = [published, skipped, succeeded, failed];
      db.sql(ADD_MINUTE).run(this.#prefix, slot, number, ...counts);
    }
    const append = db.sql(APPEND_HISTORY);
    for (const { entry, at, text } of rows) {
      append.run(this.#prefix, entry, at, text);
      if (Math.random() * rowsUntilTrim(this.#limits) >= 1) continue;
      db.sql(TRIM_HISTORY).run(this.#prefix, entry, this.#prefix, entry, this.#limits.limit);
    }
    this.#appended += rows.length;
    if (this.#appended < CHUNK) return;
    const { changes } = db.sql(EXPIRE_HISTORY).run(this.#prefix, this.#oldest, this.#appended);
    // After a full chunk there may be more.
    this.#appended = changes === this.#appended ? CHUNK : 0;
  }

  get #oldest(): number {
    return this.#clock.now() - this.#limits.maxAge;
  }
}
