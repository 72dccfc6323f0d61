import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { readStoredEntry } from '../../entries/planning/read-stored-entry.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { History } from '../../contracts/store/history.ts';
import type { StateLookup } from '../../contracts/store/ledger.ts';
import { repairCommand } from '../../contracts/store/repair-command.ts';
import type {
  EntrySearch,
  Position,
  StoredEntries,
  StoredEntry,
} from '../../contracts/store/stored-entries.ts';
import { addOutcomes } from './last-outcome.ts';
import { readStatus, type StatusRow } from './entry-status.ts';
import { readStoredStatus } from './load-status.ts';
import {
  formatSearchPlace,
  parseSearchPlace,
  SEARCH_START,
  searchStored,
} from './search-stored.ts';

/** Where entries and their states are read. */
export interface StatusSource {
  readonly store: {
    readonly ledger: StateLookup;
    readonly entries: StoredEntries & EntrySearch;
    /** Where the newest outcomes are read; absent if none is recorded. */
    readonly history?: History | undefined;
  };
  /** Those of the configuration, in its order. */
  readonly entries: readonly Entry[];
  readonly definitions: Definitions;
}

export interface StatusQuery {
  /** Part of a name, or of the task of an entry of the configuration, in any case; all entries for an empty one. */
  readonly search: string;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: string | null;
}

export interface StatusPage {
  /**
   * Those of the configuration in its order, and then stored entries: those whose names begin with the search, and
   * then others in the order in which they are due.
   */
  readonly entries: readonly StatusRow[];
  /**
   * `after` of the next page; `null` for the last. A page of a search that ended because it had looked at very many
   * stored entries has fewer entries than asked for.
   */
  readonly next: string | null;
  /** Stored entries that the pages of an unfinished search have looked at so far; `null` for none. */
  readonly searched: number | null;
}

/** Loads a page with outcomes at `now` (epoch milliseconds), with queries for the entries of the page alone. */
export async function loadStatusPage(
  source: StatusSource,
  query: StatusQuery,
  now: number,
): Promise<StatusPage> {
  const page = await loadPage(source, query, now);
  return { ...page, entries: await addOutcomes(source.store.history, page.entries) };
}

async function loadPage(
  source: StatusSource,
  { search, limit, after }: StatusQuery,
  now: number,
): Promise<StatusPage> {
  const declared = filterEntries(source.entries, search);
  const place = parsePlace(after);
  const read = search === '' ? readStored : readFound;
  const rows: StatusRow[] = [];
  if (place.kind === 'declared') {
    const page = declared.slice(place.index, place.index + limit);
    rows.push(...(await readDeclared(source, page, now)));
    const end = place.index + page.length;
    if (end < declared.length) return { entries: rows, next: `d${end}`, searched: null };
    if (rows.length === limit) {
      const rest = await read(source, search, 1, '');
      const isAll = rest.rows.length === 0 && rest.next === null;
      return { entries: rows, next: isAll ? null : `d${end}`, searched: null };
    }
  }
  const from = place.kind === 'stored' ? place.text : '';
  const page = await read(source, search, limit - rows.length, from);
  rows.push(...page.rows.map((row) => readStoredStatus(row, source.definitions, now)));
  return { entries: rows, next: page.next, searched: page.searched };
}

/** The status of one entry, with what it was read from. */
export interface FoundEntry {
  readonly row: StatusRow;
  /** `null` if the definition cannot be read. */
  readonly entry: Entry | null;
  readonly state: EntryState | undefined;
}

/** Finds an entry by its name; `null` if there is none. `now` is in epoch milliseconds. */
export async function findStatus(
  source: StatusSource,
  name: string,
  now: number,
): Promise<FoundEntry | null> {
  const found = await findEntry(source, name, now);
  if (!found) return null;
  const [row = found.row] = await addOutcomes(source.store.history, [found.row]);
  return { ...found, row };
}

async function findEntry(
  source: StatusSource,
  name: string,
  now: number,
): Promise<FoundEntry | null> {
  const entry = source.entries.find((each) => each.name === name);
  if (entry) {
    const errors: string[] = [];
    const states = await source.store.ledger.findStates([name], (_, { message }) => {
      errors.push(explain(name, message));
    });
    const state = states.get(name);
    const [error] = errors;
    if (error !== undefined)
      return { row: { entry: name, source: 'configuration', error }, entry, state };
    return { row: readStatus(entry, state, now), entry, state };
  }
  const [stored] = await source.store.entries.find([name]);
  if (!stored) return null;
  const row = readStoredStatus(stored, source.definitions, now);
  if (row.error !== undefined) return { row, entry: null, state: undefined };
  const read = readStoredEntry(stored, source.definitions);
  return { row, entry: read.entry, state: read.state ?? undefined };
}

/** The rows of these entries at `now`, in this order; entries that do not exist are left out. */
export async function findStatuses(
  source: StatusSource,
  names: readonly string[],
  now: number,
): Promise<readonly StatusRow[]> {
  const wanted = new Set(names);
  const declared = source.entries.filter(({ name }) => wanted.has(name));
  for (const { name } of declared) wanted.delete(name);
  const stored = wanted.size === 0 ? [] : await source.store.entries.find([...wanted]);
  return addOutcomes(source.store.history, [
    ...(await readDeclared(source, declared, now)),
    ...stored.map((row) => readStoredStatus(row, source.definitions, now)),
  ]);
}

/** Those whose name or task contains the text, in any case. */
export function filterEntries(entries: readonly Entry[], search: string): readonly Entry[] {
  if (search === '') return entries;
  const text = search.toLowerCase();
  return entries.filter(
    ({ name, task }) => name.toLowerCase().includes(text) || task.toLowerCase().includes(text),
  );
}

async function readDeclared(
  { store }: StatusSource,
  entries: readonly Entry[],
  now: number,
): Promise<StatusRow[]> {
  const unreadable = new Map<string, string>();
  const names = entries.map(({ name }) => name);
  const states = await store.ledger.findStates(names, (entry, { message }) => {
    unreadable.set(entry, explain(entry, message));
  });
  return entries.map((entry) => {
    const error = unreadable.get(entry.name);
    if (error !== undefined) return { entry: entry.name, source: 'configuration', error };
    return readStatus(entry, states.get(entry.name), now);
  });
}

function explain(entry: string, message: string): string {
  return `${message}; its schedule restarts from now with: ${repairCommand(entry)}`;
}

interface StoredPage {
  readonly rows: readonly StoredEntry[];
  readonly next: string | null;
  readonly searched: number | null;
}

/** The next stored entries in the order in which they are due. */
async function readStored(
  { store }: StatusSource,
  _: string,
  limit: number,
  from: string,
): Promise<StoredPage> {
  const found = await store.entries.page({ limit: limit + 1, after: parsePosition(from) });
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const next = found.length > limit && last ? formatPosition(last) : null;
  return { rows, next, searched: null };
}

/** The next stored entries that a search finds. */
async function readFound(
  { store }: StatusSource,
  search: string,
  limit: number,
  from: string,
): Promise<StoredPage> {
  const place = parseSearchPlace(from);
  const { found, next } = await searchStored(store.entries, search, limit, place);
  return {
    rows: found,
    next: next && formatSearchPlace(next),
    searched: next?.stage === 'all' ? next.lookedAt : null,
  };
}

type Place =
  | { readonly kind: 'declared'; readonly index: number }
  | { readonly kind: 'stored'; readonly text: string };

/** Whether a text is `next` of some page. */
export function isPlace(text: string): boolean {
  const isStored = parsePosition(text) !== undefined || parseSearchPlace(text) !== SEARCH_START;
  return isStored || DECLARED.test(text);
}

const DECLARED = /^d(\d{1,9})$/;

/** An unknown text is the beginning. */
function parsePlace(text: string | null): Place {
  const [, index] = DECLARED.exec(text ?? '') ?? [];
  if (text === null || index !== undefined || !isPlace(text))
    return { kind: 'declared', index: Number(index ?? 0) };
  return { kind: 'stored', text };
}

function parsePosition(text: string): Position | undefined {
  const [, due, entry] = /^s(-?\d{1,17}|never):(.*)$/s.exec(text) ?? [];
  if (due === undefined || entry === undefined) return undefined;
  return { entry, dueAt: due === 'never' ? null : Number(due) };
}

function formatPosition({ entry, dueAt }: Position): string {
  return `s${dueAt ?? 'never'}:${entry}`;
}
