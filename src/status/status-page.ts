import type { Definitions } from '../catalog/definition.ts';
import type { Entry } from '../catalog/entry.ts';
import { readStoredEntry } from '../planning/read-stored-entry.ts';
import type { EntryState } from '../store/entry-state.ts';
import type { StateLookup } from '../store/ledger.ts';
import { repairCommand } from '../store/repair-command.ts';
import type { EntrySearch, Position, StoredEntries, StoredEntry } from '../store/stored-entries.ts';
import { readStatus, type StatusRow } from './entry-status.ts';
import { readStoredStatus } from './load-status.ts';

/** Where entries and their states are read. */
export interface StatusSource {
  readonly store: {
    readonly ledger: StateLookup;
    readonly entries: StoredEntries & EntrySearch;
  };
  /** Those of the configuration, in its order. */
  readonly entries: readonly Entry[];
  readonly definitions: Definitions;
}

export interface StatusQuery {
  /**
   * Part of a name, or of the task of an entry of the configuration; all entries for an empty one. Upper and lower case
   * differ only in the names of stored entries.
   */
  readonly search: string;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: string | null;
}

export interface StatusPage {
  /** Those of the configuration in its order, and then stored entries in the order in which they are due. */
  readonly entries: readonly StatusRow[];
  /** `after` of the next page; `null` for the last. */
  readonly next: string | null;
}

/** Stored entries that a search finds at most. */
const MAX_FOUND = 1_000;

/** Loads a page at `now` (epoch milliseconds), with queries for the entries of the page alone. */
export async function loadStatusPage(
  source: StatusSource,
  { search, limit, after }: StatusQuery,
  now: number,
): Promise<StatusPage> {
  const declared = filterEntries(source.entries, search);
  const place = parsePlace(after);
  const rows: StatusRow[] = [];
  if (place.kind === 'declared') {
    const page = declared.slice(place.index, place.index + limit);
    rows.push(...(await readDeclared(source, page, now)));
    const end = place.index + page.length;
    if (end < declared.length) return { entries: rows, next: `d${end}` };
    if (rows.length === limit) {
      const isAll = (await readStored(source, search, 1, undefined)).length === 0;
      return { entries: rows, next: isAll ? null : `d${end}` };
    }
  }
  const left = limit - rows.length;
  const from = place.kind === 'stored' ? place.position : undefined;
  const stored = await readStored(source, search, left + 1, from);
  const page = stored.slice(0, left);
  rows.push(...page.map((row) => readStoredStatus(row, source.definitions, now)));
  const last = page.at(-1);
  return { entries: rows, next: stored.length > left && last ? formatPlace(last) : null };
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
  return [
    ...(await readDeclared(source, declared, now)),
    ...stored.map((row) => readStoredStatus(row, source.definitions, now)),
  ];
}

function filterEntries(entries: readonly Entry[], search: string): readonly Entry[] {
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

/** The next stored entries; those that a search finds are sorted by name. */
async function readStored(
  { store }: StatusSource,
  search: string,
  limit: number,
  after: Position | undefined,
): Promise<readonly StoredEntry[]> {
  if (search === '') return store.entries.page({ limit, after });
  const names = [...(await store.entries.search(search, MAX_FOUND))].toSorted();
  const rest = names.filter((name) => after === undefined || name > after.entry);
  const found = await store.entries.find(rest.slice(0, limit));
  return found.toSorted((a, b) => (a.entry < b.entry ? -1 : 1));
}

type Place =
  | { readonly kind: 'declared'; readonly index: number }
  | { readonly kind: 'stored'; readonly position: Position };

/** An unknown text is the beginning. */
function parsePlace(text: string | null): Place {
  const [, index] = /^d(\d{1,9})$/.exec(text ?? '') ?? [];
  const [, due, entry] = /^s(-?\d{1,17}|never):(.*)$/s.exec(text ?? '') ?? [];
  if (due !== undefined && entry !== undefined) {
    return { kind: 'stored', position: { entry, dueAt: due === 'never' ? null : Number(due) } };
  }
  return { kind: 'declared', index: Number(index ?? 0) };
}

function formatPlace({ entry, dueAt }: Position): string {
  return `s${dueAt ?? 'never'}:${entry}`;
}
