import { storeOptions } from '../../config/service/store-options.ts';
import type { Settings } from '../../config/settings.ts';
import { openState } from '../../drivers/open-store.ts';
import { findEntries, type EntryRecord, type EntrySource } from '../../read-models/status/read-entries.ts';
import type { History } from '../../contracts/store/history.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { systemClock } from '../../util/system-clock.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';

export async function withStore<T>(settings: Settings, work: (store: StateStore) => Promise<T>): Promise<T> {
  const store = await openState(storeOptions(settings, systemClock));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

interface OpenHistory {
  readonly store: StateStore;
  readonly history: History;
  readonly source: EntrySource;
}

/** Runs `work` with the open store and its history. Throws a `ConfigError` if the history is disabled. */
export async function withHistory<T>(settings: Settings, work: (open: OpenHistory) => Promise<T>): Promise<T> {
  if (settings.history === null) {
    throw new ConfigError('history: false disables the history; without it nothing is recorded');
  }
  return withStore(settings, (store) => work({ store, history: store.history!, source: { ...settings, store } }));
}

/** Finds an entry by its name. Throws a `ConfigError` with the closest name if there is none. */
export async function findEntry(source: EntrySource, name: string): Promise<EntryRecord> {
  const [found] = await findEntries(source, [name]);
  if (found) return found;
  throw unknownEntry(
    name,
    source.entries.map((entry) => entry.name),
  );
}

export function unknownEntry(name: string, names: readonly string[]): ConfigError {
  const hint = didYouMean(name, names) || '; beat list shows all entries';
  return new ConfigError(`no entry ${JSON.stringify(name)}${hint}`);
}
