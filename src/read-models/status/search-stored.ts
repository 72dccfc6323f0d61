import {
  START,
  type EntrySearch,
  type Position,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';

/** Names that one query of a search reads. */
const CHUNK = 5_000;
/** Names that one page of a search looks at: a page among a million entries must not take seconds. */
const MAX_LOOKED_AT = 100_000;

/**
 * Where a search for stored entries continues. It first finds the names that begin with the text, by an index, and then
 * filters all names in the order in which their entries are due.
 */
export type SearchPlace =
  /** After this name; `''` is before all. */
  | { readonly kind: 'prefix'; readonly after: string }
  | { readonly kind: 'all'; readonly after: Position; readonly lookedAt: number };

export const SEARCH_START: SearchPlace = { kind: 'prefix', after: '' };

export interface SearchPage {
  readonly found: readonly StoredEntry[];
  /** `null` when the search is over. */
  readonly next: SearchPlace | null;
}

/**
 * Finds stored entries whose names contain the text in any case; an empty text finds all. A page may have fewer than
 * `limit` entries and still a next page, because it looks at a limited number of names.
 */
export async function searchStored(
  store: StoredEntries & EntrySearch,
  text: string,
  limit: number,
  from: SearchPlace,
): Promise<SearchPage> {
  const names: string[] = [];
  const page = async (next: SearchPlace | null): Promise<SearchPage> => {
    const rows = new Map((await store.find(names)).map((row) => [row.entry, row]));
    // An entry may have been removed after its name was read.
    return { found: names.flatMap((name) => rows.get(name) ?? []), next };
  };

  let place = from;
  if (place.kind === 'prefix') {
    const after = place.after === '' ? undefined : place.after;
    const begin = text === '' ? [] : await store.findByPrefix(text, { limit: limit + 1, after });
    names.push(...begin.slice(0, limit));
    if (begin.length > limit) return page({ kind: 'prefix', after: names.at(-1) ?? place.after });
    place = { kind: 'all', after: START, lookedAt: 0 };
  }

  const wanted = text.toLowerCase();
  const matches = (name: string) => text === '' || (name.toLowerCase().includes(wanted) && !name.startsWith(text));
  const end = place.lookedAt + MAX_LOOKED_AT;
  const chunk = text === '' ? limit - names.length + 1 : CHUNK;
  let { after, lookedAt } = place;
  while (lookedAt < end) {
    const positions = await store.positions({ limit: chunk, after });
    for (const position of positions) {
      if (matches(position.entry)) {
        if (names.length === limit) return page({ ...place, after, lookedAt });
        names.push(position.entry);
      }
      after = position;
      lookedAt += 1;
    }
    if (positions.length < chunk) return page(null);
  }
  return page({ ...place, after, lookedAt });
}
