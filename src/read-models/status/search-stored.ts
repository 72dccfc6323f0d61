import {
  NEVER_DUE,
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
 * Where a search continues. It first finds the names that begin with the text by an index, and then looks at all
 * entries in the order in which they are due.
 */
export type SearchPlace =
  | { readonly stage: 'prefix'; readonly after: string | undefined }
  | {
      readonly stage: 'all';
      readonly after: Position;
      /** Whether the names that begin with the text were found before. */
      readonly skipsPrefix: boolean;
      readonly lookedAt: number;
    };

export const SEARCH_START: SearchPlace = { stage: 'prefix', after: undefined };

export interface SearchPage {
  readonly found: readonly StoredEntry[];
  /** `null` when all entries have been looked at. */
  readonly next: SearchPlace | null;
}

/**
 * Finds stored entries whose names contain the text in any case. A page has fewer than `limit` entries, and a
 * next page, if it ended because it had looked at very many names.
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
  if (place.stage === 'prefix') {
    const { after } = place;
    const begin = await store.findByPrefix(text, { limit, after });
    names.push(...(begin ?? []));
    if (names.length === limit) return page({ stage: 'prefix', after: names.at(-1) });
    place = { stage: 'all', after: START, skipsPrefix: begin !== null, lookedAt: 0 };
  }

  const wanted = text.toLowerCase();
  const { skipsPrefix } = place;
  const matches = (name: string) =>
    name.toLowerCase().includes(wanted) && !(skipsPrefix && name.startsWith(text));
  const end = place.lookedAt + MAX_LOOKED_AT;
  let { after, lookedAt } = place;
  while (lookedAt < end) {
    const positions = await store.positions({ limit: CHUNK, after });
    for (const position of positions) {
      after = position;
      lookedAt += 1;
      if (matches(position.entry) && names.push(position.entry) === limit) {
        return page({ stage: 'all', after, skipsPrefix, lookedAt });
      }
    }
    if (positions.length < CHUNK) return page(null);
  }
  return page({ stage: 'all', after, skipsPrefix, lookedAt });
}

/** The text of a place, for `after` of the next page. */
export function formatSearchPlace(place: SearchPlace): string {
  if (place.stage === 'prefix') return `p${place.after ?? ''}`;
  const { after, skipsPrefix, lookedAt } = place;
  const due = after.dueAt ?? NEVER_DUE;
  return `${skipsPrefix ? 'r' : 'a'}${lookedAt}:${due}:${after.entry}`;
}

/** The inverse of `formatSearchPlace`; the beginning for any other text. */
export function parseSearchPlace(text: string): SearchPlace {
  if (text.startsWith('p') && text.length > 1) return { stage: 'prefix', after: text.slice(1) };
  const [, kind, lookedAt, due, entry] = /^([ra])(\d{1,12}):(-?\d{1,16}):(.*)$/s.exec(text) ?? [];
  if (entry === undefined) return SEARCH_START;
  const dueAt = Number(due) === NEVER_DUE ? null : Number(due);
  return {
    stage: 'all',
    after: { entry, dueAt },
    skipsPrefix: kind === 'r',
    lookedAt: Number(lookedAt),
  };
}
