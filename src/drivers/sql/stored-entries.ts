import type { EncodedChange } from '../../contracts/store/commit.ts';
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
import type { EntryRow, Statements } from './statements.ts';

export class SqlStoredEntries implements StoredEntries, EntrySearch {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #prefix: string;

  constructor(db: Database, sql: Statements, prefix: string) {
    this.#db = db;
    this.#sql = sql;
    this.#prefix = prefix;
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

  async findByPrefix(
    prefix: string,
    { limit, after = '' }: PrefixOptions,
  ): Promise<readonly string[]> {
    // PostgreSQL rejects this character, which no name has there.
    if (prefix.includes('\0')) return [];
    const statement = this.#sql.readNames(this.#prefix, prefix, after, limit);
    const rows = await this.#db.read('entries.findByPrefix', statement);
    return rows.map(({ entry }) => String(entry)).filter((name) => name.startsWith(prefix));
  }
}

/** Writes stored entries. Part of the transaction of a commit. */
export async function writeEntries(
  tx: Transaction,
  sql: Statements,
  prefix: string,
  changes: readonly EncodedChange[],
): Promise<void> {
  const removed: string[] = [];
  const defined: EntryRow[] = [];
  const advanced: Omit<EntryRow, 'definition'>[] = [];
  for (const { entry, after, stored } of changes) {
    if (stored === undefined) continue;
    if (stored === 'removed') {
      removed.push(entry);
      continue;
    }
    const { definition } = stored;
    const row = { entry, state: after!, dueAt: stored.dueAt ?? NEVER_DUE };
    if (definition === undefined) advanced.push(row);
    else defined.push({ ...row, definition });
  }
  for (const chunk of inChunks(removed, (entry) => entry.length)) {
    await tx.run(sql.removeEntries(prefix, chunk));
  }
  for (const chunk of inChunks(defined, (row) => countCharacters(row) + row.definition.length)) {
    await tx.run(sql.writeEntries(prefix, chunk));
  }
  for (const chunk of inChunks(advanced, countCharacters)) {
    await tx.run(sql.writeEntryStates(prefix, chunk));
  }
}

function countCharacters({ entry, state }: Omit<EntryRow, 'definition'>): number {
  return entry.length + state.length;
}

function toEntry(row: SqlRow): StoredEntry {
  const { definition, state } = row;
  return {
    ...toPosition(row),
    definition: String(definition),
    state: state as string | null,
  };
}

function toPosition({ entry, due_at: dueAt }: SqlRow): Position {
  return {
    entry: String(entry),
    dueAt: Number(dueAt) === NEVER_DUE ? null : Number(dueAt),
  };
}
