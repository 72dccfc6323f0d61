import type { Clock } from '../../util/clock.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { BeatError } from '../../util/errors.ts';

/** A clock that a test advances. A `sleep` resolves when the clock reaches its end. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(start: Date | string) {
    this.#wall = toEpochMs(start);
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { at: this.#monotonic + ms, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', wake);
    });
  }

  /** Advances both clocks by milliseconds, and resolves each `sleep` whose end is reached. */
  advance(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
    for (const sleeper of this.#sleepers) if (sleeper.at <= this.#monotonic) sleeper.wake();
  }

  /** Sets the wall clock, as an administrator or a time server does. The monotonic clock does not change. */
  set(wall: Date | string): void {
    this.#wall = toEpochMs(wall);
  }
}

/**
 * Converts an instant to epoch milliseconds. Text without an offset is UTC, so that a test does not depend on the
 * zone of its host. Throws a `BeatError` for a text that is not an instant.
 */
export function toEpochMs(instant: Date | string): number {
  const at = parseInstant(instant, 'UTC');
  if (at === null) throw new BeatError(`"${String(instant)}" is not an instant; write 2027-01-31T08:00:00Z`);
  return at;
}
