import { compare, type EncodedChange } from '../../contracts/store/commit.ts';
import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import {
  NEVER_DUE,
  START,
  type EntrySearch,
  type PageOptions,
  type Position,
  type PrefixOptions,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import type { SqlRow } from './dialect.ts';
import { NOT_STORED, type EntryValues, type Statements } from './statements.ts';

/** How many states one statement reads, so that none takes long. */
const PAGE = 5_000;

/** The table of entries, and the term whose leader may change it. */
export class SqlEntries implements StoredEntries, EntrySearch {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #prefix: string;

  constructor(db: Database, sql: Statements, prefix: string) {
    this.#db = db;
    this.#sql = sql;
    this.#prefix = prefix;
  }

  /** As `Ledger.findStates`. */
  async findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for (const chunk of inChunks(entries, (entry) => entry.length)) {
      const statement = this.#sql.findStates(this.#prefix, chunk);
      for (const row of await this.#db.read('ledger.findStates', statement)) {
        readState(states, row, unreadable);
      }
    }
    return states;
  }

  /** As `Ledger.load`. */
  async load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for (let after = { entry: '', dueAt: NOT_STORED - 1 }; ;) {
      const page = this.#sql.readEntries(this.#prefix, after, NOT_STORED, PAGE);
      const rows = await this.#db.read('ledger.load', page);
      for (const row of rows) readState(states, row, unreadable);
      if (rows.length < PAGE) return states;
      after = { entry: String(rows.at(-1)!['entry']), dueAt: NOT_STORED };
    }
  }

  async find(entries: readonly string[]): Promise<readonly StoredEntry[]> {
    const found: StoredEntry[] = [];
    for (const chunk of inChunks(entries, (entry) => entry.length)) {
      const statement = this.#sql.findEntries(this.#prefix, chunk);
      found.push(...(await this.#db.read('entries.find', statement)).map(toEntry));
    }
    return found;
  }

  async page(options: PageOptions): Promise<readonly StoredEntry[]> {
    const { limit, after = START, dueBy = NEVER_DUE } = options;
    const position = { entry: after.entry, dueAt: after.dueAt ?? NEVER_DUE };
    const statement = this.#sql.readEntries(this.#prefix, position, dueBy, limit);
    return (await this.#db.read('entries.page', statement)).map(toEntry);
  }

  async positions({ limit, after = START }: PageOptions): Promise<readonly Position[]> {
    const position = { entry: after.entry, dueAt: after.dueAt ?? NEVER_DUE };
    const statement = this.#sql.readPositions(this.#prefix, position, limit);
    return (await this.#db.read('entries.positions', statement)).map(toPosition);
  }

  async findByPrefix(prefix: string, { limit, after = '' }: PrefixOptions): Promise<readonly string[]> {
    // PostgreSQL rejects this character, which no name has there.
    if (prefix.includes('\0')) return [];
    const statement = this.#sql.readNames(this.#prefix, prefix, after, limit);
    const rows = await this.#db.read('entries.findByPrefix', statement);
    return rows.map(({ entry }) => String(entry)).filter((name) => name.startsWith(prefix));
  }

  /** The token of the newest term; `null` for none. Locks it until the transaction ends. */
  async newestTerm(tx: Transaction): Promise<number | null> {
    const [row] = (await tx.run(this.#sql.selectTermForUpdate(this.#prefix))).rows;
    return row ? Number(row['number']) : null;
  }

  /** Compares changes with the states, in the transaction that commits them. */
  async check(
    tx: Transaction,
    token: number,
    changes: readonly EncodedChange[],
  ): Promise<ReturnType<typeof compare> | { readonly kind: 'fenced' }> {
    if ((await this.newestTerm(tx)) !== token) return { kind: 'fenced' };
    const stored = new Map<string, string | null>();
    const names = changes.map(({ entry }) => entry);
    for (const chunk of inChunks(names, (entry) => entry.length)) {
      const { rows } = await tx.run(this.#sql.findStates(this.#prefix, chunk));
      for (const row of rows) stored.set(String(row['entry']), row['state'] as string | null);
    }
    return compare(changes, (entry) => stored.get(entry));
  }

  /** Writes changes, in the transaction that commits them. */
  async write(tx: Transaction, changes: readonly EncodedChange[]): Promise<void> {
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
      await tx.run(this.#sql.removeEntries(this.#prefix, chunk));
    }
    for (const [rows, columns] of [
      [states, []],
      [moved, ['due_at']],
      [defined, ['due_at', 'definition']],
    ] as const) {
      for (const chunk of inChunks(rows, countCharacters)) {
        await tx.run(this.#sql.writeEntries(this.#prefix, chunk, columns));
      }
    }
  }

  /** Removes the state of an entry, unless a newer term has begun. */
  async removeState(token: number, entry: string): Promise<boolean> {
    return this.#db.transaction('ledger.removeState', async (tx) => {
      if ((await this.newestTerm(tx)) !== token) return false;
      await tx.run(this.#sql.removeState(this.#prefix, entry));
      return true;
    });
  }
}

function countCharacters([entry, state, , definition]: EntryValues): number {
  return entry.length + state.length + (definition?.length ?? 0);
}

function readState(states: Map<string, EntryState>, { entry, state }: SqlRow, unreadable?: OnUnreadable): void {
  if (state !== null) addState(states, String(entry), state as string, unreadable);
}

function toEntry(row: SqlRow): StoredEntry {
  const { definition, state } = row;
  return { ...toPosition(row), definition: String(definition), state: state as string | null };
}

function toPosition({ entry, due_at: dueAt }: SqlRow): Position {
  return { entry: String(entry), dueAt: Number(dueAt) === NEVER_DUE ? null : Number(dueAt) };
}
