import type { EncodedChange } from '../../contracts/store/commit.ts';
import {
  NEVER_DUE,
  type EntrySearch,
  type PageOptions,
  type Position,
  type PrefixOptions,
  type StoredEntries,
  type StoredEntry,
} from '../../contracts/store/stored-entries.ts';

/** Entries by name. */
export type StoredState = Map<string, StoredEntry>;

export class MemoryStoredEntries implements StoredEntries, EntrySearch {
  readonly #state: StoredState;

  constructor(state: StoredState) {
    this.#state = state;
  }

  async find(entries: readonly string[]): Promise<readonly StoredEntry[]> {
    return entries.flatMap((entry) => this.#state.get(entry) ?? []);
  }

  async positions(options: PageOptions): Promise<readonly Position[]> {
    return (await this.page(options)).map(({ entry, dueAt }) => ({ entry, dueAt }));
  }

  async findByPrefix(prefix: string, { limit, after = '' }: PrefixOptions): Promise<string[]> {
    const names = [...this.#state.keys()].filter((name) => name.startsWith(prefix) && name > after);
    return names.toSorted().slice(0, limit);
  }

  async page({ limit, after, dueBy = Infinity }: PageOptions): Promise<readonly StoredEntry[]> {
    return [...this.#state.values()]
      .filter((each) => sortKey(each) <= dueBy && (!after || compare(each, after) > 0))
      .toSorted(compare)
      .slice(0, limit);
  }
}

/** Part of a commit. */
export function writeStored(state: StoredState, changes: readonly EncodedChange[]): void {
  for (const { entry, after, stored } of changes) {
    if (stored === undefined) continue;
    if (stored === 'removed') {
      state.delete(entry);
      continue;
    }
    const definition = stored.definition ?? state.get(entry)?.definition;
    if (definition === undefined) continue;
    state.set(entry, { entry, definition, state: after, dueAt: stored.dueAt });
  }
}

function sortKey({ dueAt }: Position): number {
  return dueAt ?? NEVER_DUE;
}

function compare(a: Position, b: Position): number {
  return sortKey(a) - sortKey(b) || (a.entry < b.entry ? -1 : Number(a.entry > b.entry));
}
