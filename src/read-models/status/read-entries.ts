import { type Definitions, explainState, readStoredEntry } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import type { EntryState, OnUnreadable } from '../../contracts/store/entry-state.ts';
import type { History } from '../../contracts/store/history.ts';
import type { StateLookup } from '../../contracts/store/ledger.ts';
import type { EntrySearch, Position, StoredEntries, StoredEntry } from '../../contracts/store/stored-entries.ts';
import { formatDiagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';

export interface EntrySource {
  readonly store: {
    readonly ledger: StateLookup;
    readonly entries: StoredEntries & EntrySearch;
    /** Absent if the configuration disables it. */
    readonly history?: History | undefined;
  };
  /** The declared entries, in the order of the configuration. */
  readonly entries: readonly Entry[];
  readonly definitions: Definitions;
}

export type EntryRecord = ReadableEntry | UnreadableRecord;

export interface ReadableEntry {
  readonly name: string;
  readonly entry: Entry;
  /** `null` for an entry that no instance has scheduled yet. */
  readonly state: EntryState | null;
  readonly error?: never;
}

export interface UnreadableRecord {
  readonly name: string;
  readonly source: 'configuration' | 'store';
  /** `null` unless only its state is unreadable. */
  readonly entry: Entry | null;
  readonly state: null;
  /** What cannot be read, and how to repair it. */
  readonly error: string;
}

/** Finds entries by their names: declared entries in their order, then stored ones. Other names are left out. */
export async function findEntries(source: EntrySource, names: readonly string[]): Promise<readonly EntryRecord[]> {
  const wanted = new Set(names);
  const declared = source.entries.filter(({ name }) => wanted.delete(name));
  const stored = wanted.size === 0 ? [] : await source.store.entries.find([...wanted]);
  return [...(await readDeclared(source, declared)), ...stored.map((row) => readStored(row, source.definitions))];
}

/** Reads all entries by pages: declared, then stored ones. A declared entry hides a stored one of the same name. */
export async function* readEntries(source: EntrySource, pageSize: number): AsyncGenerator<readonly EntryRecord[]> {
  const { entries, definitions, store } = source;
  for (let i = 0; i < entries.length; i += pageSize) {
    yield await readDeclared(source, entries.slice(i, i + pageSize));
  }
  const declared = new Set(entries.map(({ name }) => name));
  for await (const page of readStoredPages(store.entries, pageSize)) {
    const own = page.filter(({ entry }) => !declared.has(entry));
    yield own.map((row) => readStored(row, definitions));
  }
}

/** Reads all stored entries in the order in which they are due. */
export async function* readStoredPages(
  entries: StoredEntries,
  pageSize: number,
): AsyncGenerator<readonly StoredEntry[]> {
  for (let after: Position | undefined; ;) {
    const page = await entries.page({ limit: pageSize, after });
    yield page;
    after = page.at(-1);
    if (page.length < pageSize) return;
  }
}

export async function readDeclared(
  { store }: Pick<EntrySource, 'store'>,
  entries: readonly Entry[],
): Promise<readonly EntryRecord[]> {
  const errors = new UnreadableStates();
  const names = entries.map(({ name }) => name);
  const states = await store.ledger.findStates(names, errors.add);
  return entries.map((entry) => errors.join(entry, states));
}

export class UnreadableStates {
  readonly #records = new Map<string, UnreadableRecord>();

  readonly add: OnUnreadable = (name, cause) => {
    const error = explainState(name, cause);
    this.#records.set(name, { name, source: 'configuration', entry: null, state: null, error });
  };

  join(entry: Entry, states: ReadonlyMap<string, EntryState>): EntryRecord {
    const { name } = entry;
    const unreadable = this.#records.get(name);
    return unreadable ? { ...unreadable, entry } : { name, entry, state: states.get(name) ?? null };
  }

  /** The unreadable states of all entries except these. */
  without(entries: readonly Entry[]): readonly UnreadableRecord[] {
    const names = new Set(entries.map(({ name }) => name));
    return [...this.#records.values()].filter(({ name }) => !names.has(name));
  }
}

export function readStored(row: StoredEntry, definitions: Definitions): EntryRecord {
  const { entry: name } = row;
  try {
    const { entry, state } = readStoredEntry(row, definitions);
    return { name, entry, state };
  } catch (error) {
    return { name, source: 'store', entry: null, state: null, error: explain(name, error) };
  }
}

function explain(entry: string, error: unknown): string {
  if (!(error instanceof ConfigError)) return describeError(error);
  const problems = error.errors.map(formatDiagnostic).join('; ');
  const name = JSON.stringify(entry);
  return `the definition of stored entry ${name} is invalid: ${problems}; change it with beat update, or remove it with beat remove`;
}
