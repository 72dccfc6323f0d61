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
  /** The memory that was used for runs in the last `LEAD` before `#countedUntil`, and in that before. Bytes. */
  #used: [last: number, before: number] = [0, 0];
  /** Epoch milliseconds. */
  #countedUntil = -Infinity;

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  /** When to prepare runs: epoch milliseconds, `Infinity` for never. */
  get prepareAt(): number {
    if (this.#memory === 0) return Infinity;
    return this.#options.scheduled.hasAdded ? -Infinity : this.#lookAt;
  }

  /** When to look at the next seconds: a look visits each instant of the agenda. */
  get #lookAt(): number {
    const { wakeAt, passed } = this.#options.scheduled;
    return wakeAt > passed ? wakeAt - LEAD : passed - LEAD / 2;
  }

  get #memory(): number {
    return this.#options.preparationMemory?.() ?? 0;
  }

  /** Prepares the runs of the next seconds. Ends early at `until` (epoch milliseconds), and when the signal aborts. */
  async prepare(until: number, signal: AbortSignal): Promise<void> {
    const { scheduled, clock } = this.#options;
    const isOver = () => signal.aborted || clock.now() >= until;
    if (isOver()) return;
    this.#forgetOld();
    let begin = clock.monotonic();
    const now = clock.now();
    for (const item of scheduled.upcoming(now < this.#lookAt ? -Infinity : now + LEAD)) {
      const [last, before] = this.#used;
      if (last + before < this.#memory) this.#used[0] += this.#prepare(item);
      if (clock.monotonic() - begin >= SLICE) {
        await clock.sleep(0, signal);
        begin = clock.monotonic();
      }
      if (isOver()) return;
    }
  }

  /** A prepared run is due, or was discarded, after `LEAD`. */
  #forgetOld(): void {
    const now = this.#options.clock.now();
    const past = now - this.#countedUntil;
    if (past >= -LEAD && past < 0) return;
    this.#used = [0, past >= 0 && past < LEAD ? this.#used[0] : 0];
    this.#countedUntil = now + LEAD;
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
