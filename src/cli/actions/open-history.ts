import { storeOptions } from '../../config/service/store-options.ts';
import type { Settings } from '../../config/settings.ts';
import { openState } from '../../drivers/open-store.ts';
import {
  findEntries,
  type EntryRecord,
  type EntrySource,
} from '../../read-models/status/read-entries.ts';
import type { History } from '../../contracts/store/history.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import { systemClock } from '../../util/system-clock.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';

/** An open store with a history, and where entries are found. */
export interface OpenHistory {
  readonly store: StateStore;
  readonly history: History;
  readonly source: EntrySource;
}

/** Runs `work` with the store of the settings. Throws a `ConfigError` if the history is disabled. */
export async function withHistory<T>(
  settings: Settings,
  work: (open: OpenHistory) => Promise<T>,
): Promise<T> {
  if (settings.history === null) {
    throw new ConfigError('history: false disables the history; without it nothing is recorded');
  }
  const store = await openState(storeOptions(settings, systemClock));
  try {
    const { entries, definitions } = settings;
    const source = { store, entries, definitions };
    return await work({ store, history: store.history!, source });
  } finally {
    await store.close();
  }
}

/** Finds an entry by its name. Throws a `ConfigError` with the closest name if there is none. */
export async function findEntry(source: EntrySource, name: string): Promise<EntryRecord> {
  const [found] = await findEntries(source, [name]);
  return found ?? rejectUnknown(source, name);
}

export function rejectUnknown({ entries }: EntrySource, name: string): never {
  const names = entries.map((entry) => entry.name);
  const hint = didYouMean(name, names) || '; beat list shows all entries';
  throw new ConfigError(`no entry ${JSON.stringify(name)}${hint}`);
}
