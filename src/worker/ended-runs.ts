import type { Clock } from '../util/clock.ts';

/** How long a broker may take to deliver a message again, with the messages before it. Milliseconds. */
const RETENTION = 60 * 60 * 1_000;

/**
 * Runs that have ended although the broker will deliver their message again. They are forgotten after a time, because
 * another worker may receive the message, and a later run may have the same id.
 */
export class EndedRuns {
  readonly #clock: Clock;
  /** When each is forgotten, on the monotonic clock; in this order. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(run: string): void {
    this.#forget();
    this.#until.delete(run);
    this.#until.set(run, this.#clock.monotonic() + RETENTION);
  }

  /** Whether a run has ended; forgets it, because its message is delivered once more. */
  delete(run: string): boolean {
    this.#forget();
    return this.#until.delete(run);
  }

  #forget(): void {
    const now = this.#clock.monotonic();
    for (const [run, until] of this.#until) {
      if (until > now) return;
      this.#until.delete(run);
    }
  }
}
