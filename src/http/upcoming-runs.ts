import type { Entry } from '../entries/catalog/entry.ts';
import { readStoredEntry } from '../entries/planning/read-stored-entry.ts';
import { countUpcoming, type UpcomingDay } from '../read-models/status/upcoming-day.ts';
import type { EntryState } from '../contracts/store/entry-state.ts';
import { waitAtMost } from '../util/wait.ts';
import { runInSlices } from '../util/run-in-slices.ts';
import type { HttpContext } from './context.ts';

/** How old a count may be, milliseconds. */
const FRESH = 30_000;
/** How long a page waits for a count, milliseconds. */
const WAIT = 30;
/** Entries whose states are read, and stored entries that are counted, in the order in which they are due. */
const MAX_STATES = 10_000;
const MAX_STORED = 1_000;
/** States that one query reads. */
const CHUNK = 1_000;

/** Counts the runs of the coming day in the background, at most twice a minute, and only while pages are read. */
export class UpcomingRuns {
  readonly #context: HttpContext;
  #day: UpcomingDay | null = null;
  #countedAt = -Infinity;
  #counting: Promise<void> | null = null;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  /** The newest count; `null` while the first is being made. Never rejects. */
  async day(): Promise<UpcomingDay | null> {
    const { clock, stopped } = this.#context;
    if (clock.monotonic() - this.#countedAt > FRESH) {
      this.#counting ??= this.#count().finally(() => (this.#counting = null));
    }
    const counting = this.#counting;
    if (counting) await waitAtMost(clock, WAIT, stopped, () => counting);
    return this.#day;
  }

  async #count(): Promise<void> {
    const { clock, settings, store } = this.#context;
    try {
      const now = clock.now();
      const entries: Entry[] = [...settings().entries];
      const states = new Map<string, EntryState>();
      const names = entries.slice(0, MAX_STATES).map(({ name }) => name);
      for (let from = 0; from < names.length; from += CHUNK) {
        const chunk = names.slice(from, from + CHUNK);
        for (const [name, state] of await store.ledger.findStates(chunk, () => {}))
          states.set(name, state);
      }
      const dueBy = now + 24 * 3_600_000;
      for (const row of await store.entries.page({ limit: MAX_STORED, dueBy })) {
        try {
          const { entry, state } = readStoredEntry(row, settings().definitions);
          entries.push(entry);
          if (state) states.set(entry.name, state);
        } catch {
          // The list of entries says why it cannot be read.
        }
      }
      this.#day = await runInSlices(countUpcoming(entries, states, now), clock);
    } catch {
      // The store is unreachable: the page shows the last count.
    }
    this.#countedAt = clock.monotonic();
  }
}
