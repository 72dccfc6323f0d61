import type { Definitions } from '../catalog/definition.ts';
import type { Entry } from '../catalog/entry.ts';
import { readStoredEntry } from '../scheduling/read-stored-entry.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Position, StoredEntries } from '../store/stored-entries.ts';
import type { StoreError } from '../util/errors.ts';
import { readStatus, type EntryStatus } from './entry-status.ts';

/** Entries that one query reads. */
const PAGE = 1_000;

/** Called with an entry whose state or definition cannot be read; it is left out. */
export type OnUnreadableEntry = (entry: string, error: Error) => void;

/** The status at `now` (epoch milliseconds) of entries of the configuration, in their order. */
export async function loadStatus(
  ledger: Pick<Ledger, 'load'>,
  entries: readonly Entry[],
  now: number,
  unreadable: OnUnreadableEntry,
): Promise<readonly EntryStatus[]> {
  const errors = new Map<string, StoreError>();
  const states = await ledger.load((entry, error) => errors.set(entry, error));
  for (const [entry, error] of errors) unreadable(entry, error);
  return entries
    .filter(({ name }) => !errors.has(name))
    .map((entry) => readStatus(entry, states.get(entry.name), now));
}

/** The status at `now` (epoch milliseconds) of stored entries, in the order in which they are due. */
export async function* loadStoredStatus(
  stored: StoredEntries,
  definitions: Definitions,
  now: number,
  unreadable: OnUnreadableEntry,
): AsyncGenerator<EntryStatus> {
  for (let after: Position | undefined; ;) {
    const page = await stored.page({ limit: PAGE, after });
    for (const row of page) {
      try {
        const { entry, state } = readStoredEntry(row, definitions);
        yield readStatus(entry, state ?? undefined, now);
      } catch (error) {
        unreadable(row.entry, error as Error);
      }
    }
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}
