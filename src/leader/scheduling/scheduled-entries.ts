import type { Entry } from '../../entries/catalog/entry.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { Position } from '../../contracts/store/stored-entries.ts';
import { Agenda } from '../../entries/planning/agenda.ts';
import { nextWakeAt } from '../../entries/planning/next-due.ts';
import { readStoredEntries, type LoadedEntry } from '../../entries/catalog/definition.ts';
import { runInSlices } from '../../util/run-in-slices.ts';
import { runAtOnce } from '../../util/steps.ts';
import type { SchedulerOptions, StoredSource } from './scheduler-options.ts';

/** How far ahead stored entries are loaded. Milliseconds. */
const WINDOW = 60_000;
/** Entries that one query reads. */
const PAGE = 1_000;
/** Pages that one load reads at most, so that memory stays bounded when very many entries are due at once. */
const MAX_PAGES = 20;
/** The pause before a failed load is tried again. Milliseconds. */
const PAUSE = 1_000;

/** Finds stored entries by name. Leaves out unreadable ones: they are reported when they are due and loaded. */
export async function findReadable(
  { entries, definitions }: StoredSource,
  names: readonly string[],
): Promise<readonly LoadedEntry[]> {
  const found: LoadedEntry[] = [];
  for (let from = 0; from < names.length; from += PAGE) {
    const rows = await entries.find(names.slice(from, from + PAGE));
    found.push(...runAtOnce(readStoredEntries(rows, definitions, () => {})));
  }
  return found;
}

/**
 * The entries of a term that are in memory: the declared ones, and the stored ones that are due by the horizon. Start and
 * memory depend on how many stored entries are due soon, not on how many exist. Only the leader writes stored entries,
 * so the entries that it loads and the entries that it commits are all that are due by then.
 */
export class ScheduledEntries extends Agenda {
  readonly #options: Pick<SchedulerOptions, 'stored' | 'outcomes' | 'clock' | 'events'>;
  #after: Position | undefined;
  #horizon = -Infinity;
  #loadAt = -Infinity;

  constructor(options: Pick<SchedulerOptions, 'stored' | 'outcomes' | 'clock' | 'events'>) {
    super();
    this.#options = options;
  }

  /** When to load more stored entries: epoch milliseconds, `Infinity` for never. */
  get loadAt(): number {
    return this.#options.stored ? this.#loadAt : Infinity;
  }

  /** Removes all entries; stored ones are loaded again. */
  override clear(): void {
    super.clear();
    this.#closeWindow();
  }

  /** Removes the stored entries, which are loaded again. */
  clearStored(): void {
    for (const { entry } of [...this]) if (entry.stored) this.remove(entry.name);
    this.#closeWindow();
  }

  #closeWindow(): void {
    this.#after = undefined;
    this.#horizon = -Infinity;
    this.#loadAt = -Infinity;
  }

  /**
   * Puts an entry on the agenda by its stored state, at `notBefore` or later. A stored entry that is due after the
   * horizon is loaded again when it is due soon.
   *
   * Returns `false` when the entry will never be due again. If a user's schedule throws, the failure is reported, and
   * the entry is left out until the next term, so that it does not block others.
   */
  schedule(entry: Entry, state: EntryState, notBefore?: number): boolean | undefined {
    if (state.running) this.#options.outcomes?.watch(entry, state.running);
    try {
      if (entry.stored && notBefore === undefined) {
        const wakeAt = nextWakeAt(entry, state);
        if (wakeAt > this.#horizon) {
          this.remove(entry.name);
          return wakeAt !== Infinity;
        }
      }
      return this.add(entry, state, notBefore);
    } catch (error) {
      this.#options.events.reportFailure({ kind: 'schedule', entry: entry.name }, error);
      return undefined;
    }
  }

  /**
   * Loads the stored entries that become due until a minute after `now` (epoch milliseconds). It may return some that
   * were loaded before. Failures are reported: an entry that cannot be read is left out, and a store that cannot be
   * reached is asked again soon.
   */
  async load(now: number): Promise<readonly LoadedEntry[]> {
    const { stored, clock, events } = this.#options;
    if (!stored) return [];
    const dueBy = now + WINDOW;
    const loaded: LoadedEntry[] = [];
    let isWhole = false;
    let after = this.#after;
    try {
      for (let pages = 0; pages < MAX_PAGES && !isWhole; pages++) {
        const page = await stored.entries.page({ limit: PAGE, after, dueBy });
        const reading = readStoredEntries(page, stored.definitions, (entry, error) => {
          events.reportFailure({ kind: 'read-definition', entry }, error);
        });
        loaded.push(...(await runInSlices(reading, clock)));
        after = page.at(-1) ?? after;
        isWhole = page.length < PAGE;
      }
    } catch (error) {
      events.reportFailure({ kind: 'load-entries' }, error);
      this.#loadAt = clock.now() + PAUSE;
      return [];
    }
    for (const { entry } of loaded) events.reportRecovery({ kind: 'read-definition', entry: entry.name });
    events.reportRecovery({ kind: 'load-entries' });
    this.#horizon = isWhole ? dueBy : after!.dueAt!;
    this.#loadAt = isWhole ? now + WINDOW / 2 : this.#horizon;
    // Entries that are committed from here on and due by the horizon stay in memory, so the next load begins after the
    // horizon.
    this.#after = isWhole ? { dueAt: dueBy + 1, entry: '' } : after;
    return loaded;
  }
}
