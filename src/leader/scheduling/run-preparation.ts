import { composeAhead } from '../../entries/compose/compose.ts';
import type { AgendaItem } from '../../entries/planning/agenda.ts';
import type { SchedulerParts } from './committer.ts';

/** How long before they are due runs are prepared. Milliseconds. */
const LEAD = 3_000;
/** How long answers of servers wait for the preparation. Milliseconds. */
const SLICE = 5;
/** The approximate memory of a prepared run without the texts of its messages. Bytes. */
const OBJECTS = 800;

type PreparationOptions = Pick<
  SchedulerParts,
  'scheduled' | 'ledger' | 'clock' | 'messageContext' | 'preparationMemory'
>;

/**
 * Composes and encodes the messages of runs in the last seconds before they are due, so that only the commit is left at
 * the due instant. What was prepared belongs to the item of the agenda, and is discarded with it: each change of an
 * entry or of its state makes another item.
 */
export class RunPreparation {
  readonly #options: PreparationOptions;
  /** Runs that are due by then were prepared, as far as the memory allows. Epoch milliseconds. */
  #preparedBy = -Infinity;

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  reset(): void {
    this.#preparedBy = -Infinity;
  }

  /** When to prepare runs: epoch milliseconds, `Infinity` for never. */
  get prepareAt(): number {
    if (this.#memory === 0) return Infinity;
    const { wakeAt } = this.#options.scheduled;
    return wakeAt > this.#preparedBy ? wakeAt - LEAD : this.#preparedBy - LEAD / 2;
  }

  get #memory(): number {
    return this.#options.preparationMemory?.() ?? 0;
  }

  /** Prepares the runs of the next seconds. Ends early at `until` (epoch milliseconds), and when the signal aborts. */
  async prepare(until: number, signal: AbortSignal): Promise<void> {
    const { scheduled, clock } = this.#options;
    const now = clock.now();
    const [from, to] = [Math.max(this.#preparedBy, now), now + LEAD];
    // Two calls may have prepared runs that are not due yet.
    let left = this.#memory / 2;
    let begin = clock.monotonic();
    for (const item of scheduled.upcoming(from, to)) {
      if (left <= 0) break;
      if (clock.monotonic() - begin >= SLICE) {
        await clock.sleep(0, signal);
        begin = clock.monotonic();
      }
      if (signal.aborted || clock.now() >= until) {
        // The next call continues with the items of this instant.
        this.#preparedBy = item.wakeAt - 1;
        return;
      }
      left -= this.#prepare(item);
    }
    this.#preparedBy = to;
  }

  /** Returns the memory that the prepared run takes. Bytes. */
  #prepare(item: AgendaItem): number {
    const { ledger, messageContext } = this.#options;
    if (item.prepared || item.wakeAt !== item.dueAt) return 0;
    try {
      item.prepared = composeAhead(item.entry, item.dueAt, messageContext());
    } catch {
      // It is reported when the run is due.
    }
    const lengths = item.prepared?.run.messages.map((message) => ledger.prepare?.(message) ?? 0) ?? [];
    return lengths.reduce((sum, length) => sum + length, item.prepared ? OBJECTS : 0);
  }
}
