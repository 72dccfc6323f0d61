import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { Position, StoredEntries, StoredEntry } from '../../contracts/store/stored-entries.ts';
import type { Clock } from '../../util/clock.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import type { Steps } from '../../util/steps.ts';
import { readStoredEntry, type LoadedEntry } from '../../entries/planning/read-stored-entry.ts';

export interface StoredSource {
  readonly entries: StoredEntries;
  /** Reads definitions with the settings in force. */
  readonly definitions: () => Definitions;
}

export interface StoredWindowOptions {
  /** Absent where the store cannot hold entries. */
  readonly stored?: StoredSource | undefined;
  readonly clock: Clock;
  readonly events: Events;
}

/** How far ahead entries are loaded. Milliseconds. */
const WINDOW = 60_000;
/** Entries that one query reads. */
const PAGE = 1_000;
/** Entries that one load reads at most, so that memory stays bounded when very many are due at once. */
const MAX_WINDOW = 20_000;
/** The pause before a failed load is tried again. Milliseconds. */
const PAUSE = 1_000;

/** Finds stored entries by name. Leaves out unreadable ones: they are reported when they are due and loaded. */
export async function findReadable(
  { entries, definitions }: StoredSource,
  names: readonly string[],
): Promise<readonly LoadedEntry[]> {
  const found: LoadedEntry[] = [];
  for (let from = 0; from < names.length; from += PAGE) {
    for (const row of await entries.find(names.slice(from, from + PAGE))) {
      try {
        found.push(readStoredEntry(row, definitions()));
      } catch {
        // The load of the entry reports it.
      }
    }
  }
  return found;
}

/**
 * Tracks which stored entries the leader has in memory: those due by the horizon. Start and memory depend on how many
 * entries are due soon, not on how many exist. Only the leader writes stored entries, so the entries that it loads and
 * the entries that it commits are all that are due by then.
 */
export class StoredWindow {
  readonly #options: StoredWindowOptions;
  #after: Position | undefined;
  #horizon = -Infinity;
  #loadAt: number;

  constructor(options: StoredWindowOptions) {
    this.#options = options;
    this.#loadAt = options.stored ? -Infinity : Infinity;
  }

  /** When to load more: epoch milliseconds, `Infinity` for never. */
  get loadAt(): number {
    return this.#loadAt;
  }

  /** Whether an entry that is due at that instant belongs into memory. Epoch milliseconds. */
  covers(dueAt: number): boolean {
    return dueAt <= this.#horizon;
  }

  /** Forgets the loaded entries, for a new term. */
  reset(): void {
    this.#after = undefined;
    this.#horizon = -Infinity;
    this.#loadAt = this.#options.stored ? -Infinity : Infinity;
  }

  /**
   * Loads the entries that become due until a minute after `now` (epoch milliseconds). It may return some that were
   * loaded before. Failures are reported: an entry that cannot be read is left out, and a store that cannot be
   * reached is asked again soon.
   */
  async load(now: number): Promise<readonly LoadedEntry[]> {
    const { stored, events } = this.#options;
    if (!stored) return [];
    const dueBy = now + WINDOW;
    const loaded: LoadedEntry[] = [];
    let count = 0;
    let after = this.#after;
    try {
      for (;;) {
        const page = await stored.entries.page({ limit: PAGE, after, dueBy });
        loaded.push(...(await runInSlices(this.#readAll(page, stored), this.#options.clock)));
        after = page.at(-1) ?? after;
        count += page.length;
        if (page.length < PAGE || count >= MAX_WINDOW) break;
      }
    } catch (error) {
      events.reportFailure({ kind: 'load-entries' }, error);
      this.#loadAt = this.#options.clock.now() + PAUSE;
      return [];
    }
    events.reportRecovery({ kind: 'load-entries' });
    const isWhole = count < MAX_WINDOW;
    this.#horizon = isWhole ? dueBy : after!.dueAt!;
    this.#loadAt = isWhole ? now + WINDOW / 2 : this.#horizon;
    // Entries that are committed from here on and due by the horizon stay in memory, so the next load begins after the
    // horizon.
    this.#after = isWhole ? { dueAt: dueBy + 1, entry: '' } : after;
    return loaded;
  }

  *#readAll(page: readonly StoredEntry[], { definitions }: StoredSource): Steps<LoadedEntry[]> {
    const read: LoadedEntry[] = [];
    for (const row of page) {
      const entry = this.#read(row, definitions());
      if (entry) read.push(entry);
      yield;
    }
    return read;
  }

  #read(row: StoredEntry, definitions: Definitions): LoadedEntry | null {
    const { events } = this.#options;
    const operation = { kind: 'read-definition', entry: row.entry } as const;
    try {
      const entry = readStoredEntry(row, definitions);
      events.reportRecovery(operation);
      return entry;
    } catch (error) {
      events.reportFailure(operation, error);
      return null;
    }
  }
}
