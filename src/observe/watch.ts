import type { Clock } from '../util/clock.ts';
import type { Events } from '../events/events.ts';
import type { Findings, Store } from '../store/store.ts';

/** Milliseconds between two looks at the store's servers. */
const INTERVAL = 60_000;

/** A difference between clocks that is worth a warning, and a change of it that is worth another. */
const WORTH_TELLING = 1_000;

/**
 * Looks at the store's servers while this instance leads: at the beginning of a term, and now and then.
 * What it finds is told when it changes. A look that fails tells nothing: whatever is wrong then, those
 * who work with the store tell it.
 */
export class Watch {
  readonly #inspect: Store['inspect'];
  readonly #clock: Clock;
  readonly #events: Events;
  /** The difference that was warned of last; `null` while the clocks agree. */
  #told: number | null = null;

  constructor(inspect: Store['inspect'], clock: Clock, events: Events) {
    this.#inspect = inspect;
    this.#clock = clock;
    this.#events = events;
  }

  /** Until the signal aborts. Never rejects; what is asked then is not waited for, and not told. */
  async run(signal: AbortSignal): Promise<void> {
    const inspect = this.#inspect;
    if (!inspect) return;
    while (!signal.aborted) {
      const findings = await inspect().catch(() => null);
      if (findings) this.#tell(findings, signal);
      await this.#clock.sleep(INTERVAL, signal);
    }
  }

  #tell({ skew, eviction, locks }: Findings, signal: AbortSignal): void {
    if (signal.aborted) return;
    const events = this.#events;
    events.emit('skew', { ms: Math.round(skew.ms), within: Math.ceil(skew.within) });
    events.warn('clock', this.#clockText(skew));
    events.warn('eviction', eviction);
    events.warn('locks', locks);
  }

  #clockText({ ms, within }: Findings['skew']): string | null {
    // What a slow answer may explain is not held against the clock.
    if (Math.abs(ms) - within < WORTH_TELLING) this.#told = null;
    else if (this.#told === null || Math.abs(ms - this.#told) >= WORTH_TELLING) this.#told = ms;
    if (this.#told === null) return null;
    const [ahead, late] = this.#told > 0 ? ['ahead of', 'early'] : ['behind', 'late'];
    const seconds = `${(Math.abs(this.#told) / 1_000).toFixed(1)} s`;
    return `This host's clock is ${seconds} ${ahead} the store's: runs are sent that much too ${late}, if the store's is right`;
  }
}
