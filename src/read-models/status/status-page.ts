import type { Entry } from '../../entries/catalog/entry.ts';
import { NEVER_DUE } from '../../contracts/store/stored-entries.ts';
import { toRows } from './load-status.ts';
import { readDeclared, readStored, type EntryRecord, type EntrySource } from './read-entries.ts';
import { SEARCH_START, searchStored, type SearchPlace } from './search-stored.ts';
import type { StatusPage } from './shapes.ts';

export interface StatusQuery {
  /** Part of a name, or of the task of a declared entry, in any case; all entries for an empty one. */
  readonly search: string;
  readonly limit: number;
  /** Where the previous page ended. */
  readonly after: string | null;
}

/** Loads a page with outcomes at `now` (epoch milliseconds). It queries only the entries of the page. */
export async function loadStatusPage(
  source: EntrySource,
  { search, limit, after }: StatusQuery,
  now: number,
): Promise<StatusPage> {
  const declared = filterEntries(source.entries, search);
  const place = parsePlace(after ?? '') ?? DECLARED_START;
  const from = place.kind === 'declared' ? place.index : declared.length;
  const own = declared.slice(from, from + limit);
  const records: EntryRecord[] = [...(await readDeclared(source, own))];
  const end = from + own.length;
  let next: PagePlace | null = { kind: 'declared', index: end };
  if (end === declared.length) {
    const start = place.kind === 'declared' ? SEARCH_START : place;
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
export type PagePlace = { readonly kind: 'declared'; readonly index: number } | SearchPlace;

const DECLARED_START: PagePlace = { kind: 'declared', index: 0 };

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
