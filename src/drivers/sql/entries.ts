import { compare, type EncodedChange } from '../../contracts/store/commit.ts';
import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import {
  NEVER_DUE,
  START,
  type EntrySearch,
  type Position,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import type { SqlRow } from './dialect.ts';
import { NOT_STORED, type EntryValues } from './statements.ts';
import type { EntryPosition } from './syntax.ts';

/** How many states one statement reads, so that none takes long. */
const PAGE = 5_000;

/** The table of entries, and the term whose leader may change it. */
export interface SqlEntries extends StoredEntries, EntrySearch, StateRemoval, Pick<Ledger, 'findStates' | 'load'> {
  /** The token of the newest term; `null` for none. Locks it until the transaction ends. */
  newestTerm(tx: Transaction): Promise<number | null>;
  /** Compares changes with the states, in the transaction that commits them. */
  check(
    tx: Transaction,
    token: number,
    changes: readonly EncodedChange[],
  ): Promise<ReturnType<typeof compare> | { readonly kind: 'fenced' }>;
  /** Writes changes, in the transaction that commits them. */
  write(tx: Transaction, changes: readonly EncodedChange[]): Promise<void>;
}

export function createEntries(db: Database, prefix: string): SqlEntries {
  const { sql } = db;
  const newestTerm = async (tx: Transaction): Promise<number | null> => {
    const [row] = (await tx.run(sql.selectTermForUpdate(prefix))).rows;
    return row ? Number(row['number']) : null;
  };

  return {
    newestTerm,

    async findStates(entries, unreadable) {
      const states = new Map<string, EntryState>();
      for (const chunk of inChunks(entries, (entry) => entry.length)) {
        const rows = await db.read('ledger.findStates', sql.findStates(prefix, chunk));
        for (const row of rows) readState(states, row, unreadable);
      }
      return states;
    },

    async load(unreadable) {
      const states = new Map<string, EntryState>();
      for (let after = { entry: '', dueAt: NOT_STORED - 1 }; ;) {
        const rows = await db.read('ledger.load', sql.readEntries(prefix, after, NOT_STORED, PAGE));
        for (const row of rows) readState(states, row, unreadable);
        if (rows.length < PAGE) return states;
        after = { entry: String(rows.at(-1)!['entry']), dueAt: NOT_STORED };
      }
    },

    async find(entries) {
      const found: StoredEntry[] = [];
      for (const chunk of inChunks(entries, (entry) => entry.length)) {
        const rows = await db.read('entries.find', sql.findEntries(prefix, chunk));
        found.push(...rows.map(toEntry));
      }
      return found;
    },

    async page({ limit, after = START, dueBy = NEVER_DUE }) {
      const statement = sql.readEntries(prefix, toValues(after), dueBy, limit);
      return (await db.read('entries.page', statement)).map(toEntry);
    },

    async positions({ limit, after = START }) {
      const statement = sql.readPositions(prefix, toValues(after), limit);
      return (await db.read('entries.positions', statement)).map(toPosition);
    },

    async findByPrefix(start, { limit, after = '' }) {
      // PostgreSQL rejects this character, which no name has there.
      if (start.includes('\0')) return [];
      const rows = await db.read('entries.findByPrefix', sql.readNames(prefix, start, after, limit));
      return rows.map(({ entry }) => String(entry)).filter((name) => name.startsWith(start));
    },

    async check(tx, token, changes) {
      if ((await newestTerm(tx)) !== token) return { kind: 'fenced' };
      const stored = new Map<string, string | null>();
      const names = changes.map(({ entry }) => entry);
      for (const chunk of inChunks(names, (entry) => entry.length)) {
        const { rows } = await tx.run(sql.findStates(prefix, chunk));
        for (const row of rows) stored.set(String(row['entry']), row['state'] as string | null);
      }
      return compare(changes, (entry) => stored.get(entry));
    },

    async write(tx, changes) {
      const removed: string[] = [];
      const states: EntryValues[] = [];
      const moved: EntryValues[] = [];
      const defined: EntryValues[] = [];
      for (const { entry, after, stored } of changes) {
        const dueAt = stored?.dueAt ?? NEVER_DUE;
        const definition = stored?.definition;
        if (after === null) removed.push(entry);
        else if (!stored) states.push([entry, after]);
        else if (definition === undefined) moved.push([entry, after, dueAt]);
        else if (definition === null) defined.push([entry, after, NOT_STORED, null]);
        else defined.push([entry, after, dueAt, definition]);
      }
      for (const chunk of inChunks(removed, (entry) => entry.length)) {
        await tx.run(sql.removeEntries(prefix, chunk));
      }
      for (const [rows, columns] of [
        [states, []],
        [moved, ['due_at']],
        [defined, ['due_at', 'definition']],
      ] as const) {
        for (const chunk of inChunks(
          rows,
          ([entry, state, , definition]) => entry.length + state.length + (definition?.length ?? 0),
        )) {
          await tx.run(sql.writeEntries(prefix, chunk, columns));
        }
      }
    },

    async removeState(token, entry) {
      return db.transaction('ledger.removeState', async (tx) => {
        if ((await newestTerm(tx)) !== token) return false;
        await tx.run(sql.removeState(prefix, entry));
        return true;
      });
    },
  };
}

function readState(states: Map<string, EntryState>, { entry, state }: SqlRow, unreadable?: OnUnreadable): void {
  if (state !== null) addState(states, String(entry), state as string, unreadable);
}

function toEntry(row: SqlRow): StoredEntry {
  const { definition, state } = row;
  return { ...toPosition(row), definition: String(definition), state: state as string | null };
}

function toValues({ entry, dueAt }: Position): EntryPosition {
  return { entry, dueAt: dueAt ?? NEVER_DUE };
}

function toPosition({ entry, due_at: dueAt }: SqlRow): Position {
  return { entry: String(entry), dueAt: Number(dueAt) === NEVER_DUE ? null : Number(dueAt) };
}
