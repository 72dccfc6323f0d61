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
import type { Database, OpenFile } from './database.ts';
import {
  FIND_ENTRY,
  READ_ENTRIES,
  READ_NAMES,
  READ_POSITIONS,
  REMOVE_ENTRY,
  WRITE_ENTRY,
  WRITE_ENTRY_STATE,
} from './statements.ts';

export class SqliteStoredEntries implements StoredEntries, EntrySearch {
  readonly #db: Database;
  readonly #prefix: string;

  constructor(db: Database, prefix: string) {
    this.#db = db;
    this.#prefix = prefix;
  }

  async find(entries: readonly string[]): Promise<readonly StoredEntry[]> {
    if (!this.#db.exists()) return [];
    return this.#db.read('entries.find', (db) => {
      const find = db.sql(FIND_ENTRY);
      return entries.flatMap((entry) => {
        const row = find.get(this.#prefix, entry);
        return row ? [toEntry(row)] : [];
      });
    });
  }

  async page(options: PageOptions): Promise<readonly StoredEntry[]> {
    const { limit, after = START, dueBy = NEVER_DUE } = options;
    if (!this.#db.exists()) return [];
    return this.#db.read('entries.page', (db) =>
      db
        .sql(READ_ENTRIES)
        .all(this.#prefix, after.dueAt ?? NEVER_DUE, after.entry, dueBy, limit)
        .map(toEntry),
    );
  }

  async positions({ limit, after = START }: PageOptions): Promise<readonly Position[]> {
    if (!this.#db.exists()) return [];
    return this.#db.read('entries.positions', (db) =>
      db
        .sql(READ_POSITIONS)
        .all(this.#prefix, after.dueAt ?? NEVER_DUE, after.entry, limit)
        .map(toPosition),
    );
  }

  async findByPrefix(
    prefix: string,
    { limit, after = '' }: PrefixOptions,
  ): Promise<readonly string[]> {
    if (!this.#db.exists()) return [];
    return this.#db.read('entries.findByPrefix', (db) =>
      db
        .sql(READ_NAMES)
        .all(this.#prefix, prefix, after, limit)
        .map(({ entry }) => String(entry))
        .filter((name) => name.startsWith(prefix)),
    );
  }
}

/** Writes stored entries. Part of the transaction of a commit. */
export function writeEntries(
  db: OpenFile,
  prefix: string,
  changes: readonly EncodedChange[],
): void {
  for (const { entry, after, stored } of changes) {
    if (stored === undefined) continue;
    if (stored === 'removed') {
      db.sql(REMOVE_ENTRY).run(prefix, entry);
      continue;
    }
    const { definition, dueAt } = { ...stored, dueAt: stored.dueAt ?? NEVER_DUE };
    if (definition === undefined) db.sql(WRITE_ENTRY_STATE).run(after, dueAt, prefix, entry);
    else db.sql(WRITE_ENTRY).run(prefix, entry, definition, after, dueAt);
  }
}

function toEntry(row: Record<string, unknown>): StoredEntry {
  const { definition, state } = row as unknown as StoredEntry;
  return { ...toPosition(row), definition, state };
}

function toPosition(row: Record<string, unknown>): Position {
  const { entry, dueAt } = row as unknown as Position;
  return { entry, dueAt: dueAt === NEVER_DUE ? null : dueAt };
}
