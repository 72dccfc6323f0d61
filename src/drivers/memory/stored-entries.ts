import {
  NEVER_DUE,
  type EntrySearch,
  type PageOptions,
  type Position,
  type PrefixOptions,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';

/** An entry as stored; `definition` is `null` if only a configuration declares the entry. */
export type EntryRow = Omit<StoredEntry, 'definition'> & { readonly definition: string | null };

export class MemoryStoredEntries implements StoredEntries, EntrySearch {
  readonly #rows: ReadonlyMap<string, EntryRow>;

  constructor(rows: ReadonlyMap<string, EntryRow>) {
    this.#rows = rows;
  }

  async find(entries: readonly string[]): Promise<readonly StoredEntry[]> {
    return entries.flatMap((entry) => this.#rows.get(entry) ?? []).filter(isStored);
  }

  async positions(options: PageOptions): Promise<readonly Position[]> {
    return (await this.page(options)).map(({ entry, dueAt }) => ({ entry, dueAt }));
  }

  async findByPrefix(prefix: string, { limit, after = '' }: PrefixOptions): Promise<string[]> {
    const names = [...this.#rows.values()].filter(isStored).map(({ entry }) => entry);
    const found = names.filter((name) => name.startsWith(prefix) && name > after);
    return found.toSorted().slice(0, limit);
  }

  async page({ limit, after, dueBy = Infinity }: PageOptions): Promise<readonly StoredEntry[]> {
    return [...this.#rows.values()]
      .filter(isStored)
      .filter((each) => sortKey(each) <= dueBy && (!after || compare(each, after) > 0))
      .toSorted(compare)
      .slice(0, limit);
  }
}

function isStored(row: EntryRow): row is StoredEntry {
  return row.definition !== null;
}

function sortKey({ dueAt }: Position): number {
  return dueAt ?? NEVER_DUE;
}

function compare(a: Position, b: Position): number {
  return sortKey(a) - sortKey(b) || (a.entry < b.entry ? -1 : Number(a.entry > b.entry));
}
