import { findEntries, readEntries, type EntrySource } from '../status/read-entries.ts';
import type { History } from '../../contracts/store/history.ts';
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
  source: EntrySource,
  history: History,
  names: readonly string[],
  from: number,
): AsyncGenerator<LoadedRecord> {
  const pages = names.length > 0 ? [await findEntries(source, names)] : readEntries(source, PAGE);
  for await (const page of pages) {
    yield* await Promise.all(
      page.map(async ({ name, entry, state, error }): Promise<LoadedRecord> => {
        if (error !== undefined) return { kind: 'unreadable', entry: name, error };
        const rows = await readSince(history, name, from);
        return { kind: 'recorded', recorded: { entry, state, ...rows } };
      }),
    );
  }
}
