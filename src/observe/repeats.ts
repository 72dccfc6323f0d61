import type { Clock } from '../clock.ts';

/** Milliseconds between the first and the second time that one fault is told; doubled after each. */
const FIRST_SILENCE = 5_000;
const LONGEST_SILENCE = 600_000;

interface Outage {
  readonly since: number;
  failures: number;
  tellAt: number;
  silence: number;
}

/**
 * Keeps an outage from filling a disk: a fault is told when it begins and then at growing intervals,
 * with how often and for how long it has been going on.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #outages = new Map<string, Outage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to tell of this failure, or `null` when it is too soon to tell of it again. */
  failed(operation: string): { failures: number; forMs: number } | null {
    const now = this.#clock.monotonic();
    let outage = this.#outages.get(operation);
    if (!outage) {
      outage = { since: now, failures: 0, tellAt: now, silence: FIRST_SILENCE };
      this.#outages.set(operation, outage);
    }
    outage.failures += 1;
    if (now < outage.tellAt) return null;
    outage.tellAt = now + outage.silence;
    outage.silence = Math.min(2 * outage.silence, LONGEST_SILENCE);
    return { failures: outage.failures, forMs: Math.round(now - outage.since) };
  }

  /** The outage that is over. */
  worked(operation: string): { failures: number; forMs: number } {
    const outage = this.#outages.get(operation);
    this.#outages.delete(operation);
    const now = this.#clock.monotonic();
    return { failures: outage?.failures ?? 0, forMs: Math.round(now - (outage?.since ?? now)) };
  }
}
