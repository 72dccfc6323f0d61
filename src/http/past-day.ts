import { COUNTERS, type MinuteCounts } from '../contracts/store/minutes.ts';
import type { HttpContext } from './context.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** How old the counts may be, milliseconds. */
const FRESH = 1_000;

/** What became of the occurrences of a day. */
export interface PastDay {
  /** The beginning of its first minute, epoch milliseconds. */
  readonly from: number;
  /** Oldest first; minutes without an occurrence are absent. */
  readonly minutes: readonly MinuteCounts[];
}

/** The totals of a day. */
export function sumDay({ minutes }: PastDay): Readonly<Record<(typeof COUNTERS)[number], number>> {
  const sum = { published: 0, skipped: 0, succeeded: 0, failed: 0 };
  for (const counts of minutes) for (const name of COUNTERS) sum[name] += counts[name];
  return sum;
}

/** Reads the counts of the last 24 hours, at most once a second for all pages. */
export class PastDayReader {
  readonly #context: HttpContext;
  #day: PastDay | null = null;
  #readAt = -Infinity;
  #reading: Promise<void> | null = null;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  /** `null` if no history is recorded, or none could be read yet. Never rejects. */
  async day(): Promise<PastDay | null> {
    if (this.#context.clock.monotonic() - this.#readAt > FRESH) {
      this.#reading ??= this.#read().finally(() => (this.#reading = null));
      await this.#reading;
    }
    return this.#day;
  }

  async #read(): Promise<void> {
    const { clock, store } = this.#context;
    const now = clock.now();
    const from = now - (now % MINUTE) - DAY + MINUTE;
    try {
      const minutes = await store.history?.minutes(from, from + DAY);
      this.#day = minutes ? { from, minutes } : null;
    } catch {
      // The page shows the last counts.
    }
    this.#readAt = clock.monotonic();
  }
}
