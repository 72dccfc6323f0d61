import type { Clock } from '../src/util/clock.ts';
import { systemClock } from '../src/util/system-clock.ts';

/** The host's clock, which a bench moves forward; sleepers wake and look at the new time. */
export class JumpingClock implements Clock {
  #ahead = 0;
  #jumped = new AbortController();

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await systemClock.sleep(ms, AbortSignal.any([signal, this.#jumped.signal]));
  }

  jump(ms: number): void {
    this.#ahead += ms;
    this.#jumped.abort();
    this.#jumped = new AbortController();
  }
}
