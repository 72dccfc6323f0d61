import type { Entry } from '../../entries/catalog/entry.ts';
import {
  NEVER_DUE,
  START,
  type EntrySearch,
  type Position,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';
import { toRows } from './load-status.ts';
import { readDeclared, readStored, type EntryRecord, type EntrySource } from './read-entries.ts';
import type { StatusPage } from './shapes.ts';

export interface StatusQuery {
  /** Part of a name, or of the task of a declared entry, in any case; all entries for an empty one. */
  readonly search: string;
  readonly limit: number;
  readonly after: string | null;
}

/** Loads a page with outcomes at `now` (epoch milliseconds). It queries only the entries of the page. */
export async function loadStatusPage(
  source: EntrySource,
  { search, limit, after }: StatusQuery,
  now: number,
): Promise<StatusPage> {
  const declared = filterEntries(source.entries, search);
  const place = parsePlace(after ?? '') ?? { kind: 'declared', index: 0 };
  const isDeclared = place.kind === 'declared';
  const from = isDeclared ? place.index : declared.length;
  const own = declared.slice(from, from + limit);
  const records: EntryRecord[] = [...(await readDeclared(source, own))];
  const end = from + own.length;
  let next: PagePlace | null = { kind: 'declared', index: end };
  if (end === declared.length) {
    const start = isDeclared ? SEARCH_START : place;
    const page = await searchStored(source.store.entries, search, limit - own.length, start);
    records.push(...page.found.map((row) => readStored(row, source.definitions)));
    next = page.next;
  }
  return {
    entries: await toRows(source.store.history, records, now),
    next: next && formatPlace(next),
    searched: search !== '' && next?.kind === 'all' ? next.lookedAt : null,
    declared: source.entries.length,
  };
}

/** The entries whose name or task contains the text, in any case. */
export function filterEntries(entries: readonly Entry[], search: string): readonly Entry[] {
  if (search === '') return entries;
  const text = search.toLowerCase();
  return entries.filter(({ name, task }) => name.toLowerCase().includes(text) || task.toLowerCase().includes(text));
}

/** Where a page begins: at a declared entry, or within the stored ones. */
type PagePlace = { readonly kind: 'declared'; readonly index: number } | SearchPlace;

/** The text of a place, for `after` of the next page. */
export function formatPlace(place: PagePlace): string {
  if (place.kind === 'declared') return `d${place.index}`;
  if (place.kind === 'prefix') return `p${place.after}`;
  const { after, lookedAt } = place;
  return `a${lookedAt}:${after.dueAt ?? NEVER_DUE}:${after.entry}`;
}

/** The inverse of `formatPlace`; `null` for any other text. */
export function parsePlace(text: string): PagePlace | null {
  const [, index] = /^d(\d{1,9})$/.exec(text) ?? [];
  if (index !== undefined) return { kind: 'declared', index: Number(index) };
  if (text.startsWith('p')) return { kind: 'prefix', after: text.slice(1) };
  const [, lookedAt, due, entry] = /^a(\d{1,12}):(-?\d{1,16}):(.*)$/s.exec(text) ?? [];
  if (entry === undefined) return null;
  const dueAt = Number(due) === NEVER_DUE ? null : Number(due);
  return { kind: 'all', after: { entry, dueAt }, lookedAt: Number(lookedAt) };
}

const CHUNK = 5_000;
/** Names that one page of a search looks at: a page among a million entries must not take seconds. */
const MAX_LOOKED_AT = 100_000;

/** Where a search for stored entries continues: first in an index of beginnings, then in all names by due time. */
export type SearchPlace =
  /** After this name; `''` is before all. */
  | { readonly kind: 'prefix'; readonly after: string }
  | { readonly kind: 'all'; readonly after: Position; readonly lookedAt: number };

export const SEARCH_START: SearchPlace = { kind: 'prefix', after: '' };

interface SearchPage {
  readonly found: readonly StoredEntry[];
  /** `null` when the search is over. */
  readonly next: SearchPlace | null;
}

/** Finds stored entries by a part of the name. Each page searches a limited number of names, so it may be short. */
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
