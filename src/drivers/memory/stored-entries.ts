import {
  NEVER_DUE,
  type EntrySearch,
  type Position,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';

/** An entry as stored; `definition` is `null` if only a configuration declares the entry. */
export type EntryRow = Omit<StoredEntry, 'definition'> & { readonly definition: string | null };

export function memoryStoredEntries(rows: ReadonlyMap<string, EntryRow>): StoredEntries & EntrySearch {
  const page: StoredEntries['page'] = async ({ limit, after, dueBy = Infinity }) =>
    [...rows.values()]
      .filter(isStored)
      .filter((each) => sortKey(each) <= dueBy && (!after || compare(each, after) > 0))
      .toSorted(compare)
      .slice(0, limit);
  return {
    page,
    find: async (entries) => entries.flatMap((entry) => rows.get(entry) ?? []).filter(isStored),
    positions: async (options) => (await page(options)).map(({ entry, dueAt }) => ({ entry, dueAt })),
    async findByPrefix(prefix, { limit, after = '' }) {
      const names = [...rows.values()].filter(isStored).map(({ entry }) => entry);
      const found = names.filter((name) => name.startsWith(prefix) && name > after);
      return found.toSorted().slice(0, limit);
    },
  };
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
