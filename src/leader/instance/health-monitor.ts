import type { Clock } from '../../util/clock.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { Store, StoreHealth } from '../../contracts/store/store.ts';

/** Milliseconds between two checks. */
const INTERVAL = 60_000;

/** Clock skew that deserves a warning, and a change of the skew that deserves another. Milliseconds. */
const MAX_SKEW = 1_000;

/**
 * Checks the health of the store while this instance leads, and reports what changed. A check that fails
 * reports nothing: the operation that needs the store reports its own failure.
 */
export class HealthMonitor {
  readonly #checkHealth: Store['checkHealth'];
  readonly #clock: Clock;
  readonly #events: Events;
  /** The skew of the current warning; `null` while there is none. */
  #warnedSkew: number | null = null;

  constructor(checkHealth: Store['checkHealth'], clock: Clock, events: Events) {
    this.#checkHealth = checkHealth;
    this.#clock = clock;
    this.#events = events;
  }

  /** Runs until the signal aborts. Never rejects; a check that is under way at the abort is discarded. */
  async run(signal: AbortSignal): Promise<void> {
    const checkHealth = this.#checkHealth;
    if (!checkHealth) return;
    while (!signal.aborted) {
      const health = await checkHealth().catch(() => null);
      if (health) this.#report(health, signal);
      await this.#clock.sleep(INTERVAL, signal);
    }
  }

  #report({ store, skew, eviction, locks }: StoreHealth, signal: AbortSignal): void {
    if (signal.aborted) return;
    const events = this.#events;
    events.emit('skew', { store, ms: Math.round(skew.ms), within: Math.ceil(skew.within) });
    events.warn('clock', this.#skewWarning(store, skew));
    events.warn('eviction', eviction);
    events.warn('locks', locks);
  }

  #skewWarning(store: string, { ms, within }: StoreHealth['skew']): string | null {
    // A slow answer alone may look like skew.
    if (Math.abs(ms) - within < MAX_SKEW) this.#warnedSkew = null;
    else if (this.#warnedSkew === null || Math.abs(ms - this.#warnedSkew) >= MAX_SKEW) {
      this.#warnedSkew = ms;
    }
    if (this.#warnedSkew === null) return null;
    const seconds = `${(Math.abs(this.#warnedSkew) / 1_000).toFixed(1)} s`;
    const [side, effect] = this.#warnedSkew > 0 ? ['ahead of', 'early'] : ['behind', 'late'];
    return (
      `Clock skew: this host is ${seconds} ${side} ${store}; ` +
      `runs are sent ${seconds} too ${effect} if the clock of ${store} is right`
    );
  }
}
