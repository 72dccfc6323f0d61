import type { Catalog } from '../../entries/catalog/catalog.ts';
import type { CatchUpPolicy } from '../../entries/planning/catch-up.ts';
import { readStoredEntry } from '../../entries/planning/read-stored-entry.ts';
import type { StoredSource } from './stored-window.ts';

/** Stored entries that one query reads. */
const PAGE = 1_000;

/**
 * Finds the catch-up policies of declared and stored entries, by name. Stored entries are read from their store,
 * because the entries of delayed messages are rarely in memory. An entry that is gone, or unreadable, has no policy.
 */
export async function findPolicies(
  names: readonly string[],
  catalog: Catalog,
  stored: StoredSource | undefined,
): Promise<ReadonlyMap<string, CatchUpPolicy>> {
  const policies = new Map<string, CatchUpPolicy>();
  for (const name of names) {
    const entry = catalog.find(name);
    if (entry) policies.set(name, entry);
  }
  if (!stored) return policies;
  const others = names.filter((name) => !policies.has(name));
  for (let from = 0; from < others.length; from += PAGE) {
    for (const row of await stored.entries.find(others.slice(from, from + PAGE))) {
      try {
        policies.set(row.entry, readStoredEntry(row, stored.definitions()).entry);
      } catch {
        // The scheduler reports it when it loads the entry.
      }
    }
  }
  return policies;
}
