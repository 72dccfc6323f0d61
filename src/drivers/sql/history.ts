import {
  decodeRows,
  encodeHistory,
  encodeRows,
  toPage,
  type EncodedHistory,
  type EntryRow,
  type History,
  type HistoryLimits,
  type RecordedChange,
} from '../../contracts/store/history.ts';
import { COUNTERS, toMinutes, type StoredMinute } from '../../contracts/store/minutes.ts';
import type { Clock } from '../../util/clock.ts';
import { rowsUntilTrim } from '../history-trim.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import type { SqlRow } from './dialect.ts';

/** Entries that one statement reads or trims. Without LATERAL each is one part, of which SQLite allows 500. */
const NAMES = 100;

/** Expired rows that one deletion removes at most. A deletion follows when as many rows were appended. */
const CHUNK = 500;

export interface SqlHistory extends History {
  encode(changes: readonly RecordedChange[]): EncodedHistory;
  /** Appends rows with their counts. Part of the transaction of a commit. */
  write(tx: Transaction, history: EncodedHistory): Promise<void>;
  writeRows(tx: Transaction, rows: readonly EntryRow[]): Promise<void>;
  /** Removes surplus rows after an append. Never rejects, so that the commit succeeds; a later call continues. */
  prune(history: EncodedHistory, tx: Transaction): Promise<void>;
}

export function createHistory(db: Database, prefix: string, limits: HistoryLimits, clock: Clock): SqlHistory {
  const { sql } = db;
  const oldest = () => clock.now() - limits.maxAge;
  /** Rows appended since the last deletion; at first a whole chunk, because an earlier run of beat left some. */
  let appended = CHUNK;

  const history: SqlHistory = {
    async read(entry, { limit, before }) {
      const end = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
      if (Number.isNaN(end)) return { rows: [], next: null };
      const rows = await db.read('history.read', sql.readHistory(prefix, entry, end, limit));
      const stored = rows.map(({ position, json }) => ({ position: String(position), text: String(json) }));
      return toPage(entry, stored, limit, oldest());
    },

    async latest(entries, limit) {
      const found = new Map<string, string[]>(entries.map((entry) => [entry, []]));
      for (let from = 0; from < entries.length; from += NAMES) {
        const names = entries.slice(from, from + NAMES);
        const rows = await db.read('history.latest', sql.readLatest(prefix, names, limit));
        for (const { entry, json } of rows) found.get(String(entry))!.push(String(json));
      }
      return new Map([...found].map(([entry, texts]) => [entry, decodeRows(texts, oldest())]));
    },

    async minutes(from, to) {
      return toMinutes((await db.read('history.minutes', sql.readMinutes(prefix))).map(toStoredMinute), from, to);
    },

    async append(rows) {
      if (rows.length === 0) return;
      const encoded = encodeRows(rows, clock.now());
      await db.transaction('history.append', (tx) => history.write(tx, encoded));
      await history.prune(encoded, db.separately('history.prune'));
    },

    async removeRows(entry, positions) {
      for (const chunk of inChunks(positions, (position) => position.length)) {
        await db.write('history.removeRows', sql.removeRows(prefix, entry, chunk));
      }
    },

    async writeRows(tx, rows) {
      if (rows.length > 0) await history.write(tx, encodeRows(rows, clock.now()));
    },

    encode: (changes) => encodeHistory(changes, limits, clock.now()),

    async write(tx, { rows, minutes }) {
      if (minutes.length > 0) await tx.run(sql.addMinutes(prefix, minutes));
      for (const chunk of inChunks(rows, ({ entry, text }) => entry.length + text.length)) {
        await tx.run(sql.appendHistory(prefix, chunk));
      }
    },

    async prune({ rows }, tx) {
      appended += rows.length;
      const share = rowsUntilTrim(limits);
      const chosen = [...new Set(rows.flatMap(({ entry }) => (Math.random() * share < 1 ? entry : [])))];
      try {
        for (let from = 0; from < chosen.length; from += NAMES) {
          await tx.run(sql.trimHistory(prefix, chosen.slice(from, from + NAMES), limits.limit));
        }
        if (appended < CHUNK) return;
        const count = appended;
        const { changes } = await tx.run(sql.expireHistory(prefix, oldest(), count));
        // After a full chunk there may be more.
        appended = changes === count ? CHUNK : 0;
      } catch {
        // Commits report an unreachable database.
      }
    },
  };
  return history;
}

/** Drivers return some numbers as texts. */
function toStoredMinute(row: SqlRow): StoredMinute {
  const names = ['number', ...COUNTERS] as const;
  return Object.fromEntries(names.map((name) => [name, Number(row[name])])) as StoredMinute;
}
