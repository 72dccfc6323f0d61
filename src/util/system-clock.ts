import { hrtime } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** The longest timer of Node; a longer one fires at once. Milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/** The host's clocks. No other code of beat reads the time or sets a timer. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      // Node warns about negative times; the remaining time of a lease may be negative.
      for (let left = Math.max(0, ms); left >= 0; left -= MAX_TIMER) {
        await delay(Math.min(left, MAX_TIMER), undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};

/** Whole milliseconds since the host was started: the same clock as Python's `time.monotonic`. */
export function sinceBoot(): number {
  return Number(hrtime.bigint() / 1_000_000n);
}
