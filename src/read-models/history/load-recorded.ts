import type { Entry } from '../../entries/catalog/entry.ts';
import { readStoredEntry } from '../../entries/planning/read-stored-entry.ts';
import type { StatusSource } from '../status/status-page.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { History } from '../../contracts/store/history.ts';
import { repairCommand } from '../../contracts/store/repair-command.ts';
import type { Position, StoredEntry } from '../../contracts/store/stored-entries.ts';
import { describeError } from '../../util/errors.ts';
import type { Recorded } from './account.ts';
import { readSince } from './read-history.ts';

export type LoadedRecord =
  | { readonly kind: 'recorded'; readonly recorded: Recorded }
  /** The state, the definition or the history of the entry cannot be read. */
  | { readonly kind: 'unreadable'; readonly entry: string; readonly error: string };

/** Entries whose states one query reads, and whose histories are read at once. */
const PAGE = 64;

/**
 * Reads the entries of these names, or all, with their states and rows. Rows reach back to `from`, epoch milliseconds.
 * Only a page of entries is in memory at once. Rejects with a `StoreError` when the store cannot be reached.
 */
export async function* loadRecorded(
  source: StatusSource,
  history: History,
  names: readonly string[],
  from: number,
): AsyncGenerator<LoadedRecord> {
  for await (const page of readPages(source, names)) {
    yield* await Promise.all(page.map((each) => addRows(each, history, from)));
  }
}

type Known = Pick<Recorded, 'entry' | 'state'> | Extract<LoadedRecord, { kind: 'unreadable' }>;

async function addRows(known: Known, history: History, from: number): Promise<LoadedRecord> {
  if ('kind' in known) return known;
  const { rows, isComplete } = await readSince(history, known.entry.name, from);
  return { kind: 'recorded', recorded: { ...known, rows, isComplete } };
}

async function* readPages(
  source: StatusSource,
  names: readonly string[],
): AsyncGenerator<readonly Known[]> {
  const wanted = new Set(names);
  const declared = source.entries.filter(({ name }) => wanted.size === 0 || wanted.has(name));
  for (let i = 0; i < declared.length; i += PAGE) {
    yield await readDeclared(source, declared.slice(i, i + PAGE));
  }
  const isHidden = new Set(source.entries.map(({ name }) => name));
  if (wanted.size > 0) {
    const rows = await source.store.entries.find([...wanted.difference(isHidden)]);
    yield rows.map((row) => readStored(row, source));
    return;
  }
  for (let after: Position | undefined; ;) {
    const page = await source.store.entries.page({ limit: PAGE, after });
    yield page.filter(({ entry }) => !isHidden.has(entry)).map((row) => readStored(row, source));
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

async function readDeclared(
  { store }: StatusSource,
  entries: readonly Entry[],
): Promise<readonly Known[]> {
  const errors = new Map<string, string>();
  const states: ReadonlyMap<string, EntryState> = await store.ledger.findStates(
    entries.map(({ name }) => name),
    (name, { message }) => {
      errors.set(name, `${message}; its schedule restarts from now with: ${repairCommand(name)}`);
    },
  );
  return entries.map((entry) => {
    const error = errors.get(entry.name);
    if (error !== undefined) return { kind: 'unreadable', entry: entry.name, error };
    return { entry, state: states.get(entry.name) ?? null };
  });
}

function readStored(row: StoredEntry, { definitions }: StatusSource): Known {
  try {
    return readStoredEntry(row, definitions);
  } catch (error) {
    return { kind: 'unreadable', entry: row.entry, error: describeError(error) };
  }
}
