import type { Clock } from '../util/clock.ts';

/**
 * How long the loop may be silent before it counts as stuck, milliseconds. It says something at least
 * every second while it waits; only a commit that hangs, or a process that does not get to run, is
 * silent longer.
 */
export const SILENCE_LIMIT = 60_000;

/** Knows when the loop last got anywhere. A store that is away is no reason to be stuck: trying counts. */
export class Progress {
  readonly #clock: Clock;
  /** Entries that this instance should schedule and cannot, since their records cannot be read. */
  heldUp: readonly string[] = [];
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = clock.monotonic();
  }

  made(): void {
    this.#last = this.#clock.monotonic();
  }

  /** Milliseconds since the loop last got anywhere. */
  get silence(): number {
    return Math.round(this.#clock.monotonic() - this.#last);
  }

  get advancing(): boolean {
    return this.silence < SILENCE_LIMIT;
  }
}
