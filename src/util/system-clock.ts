import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** The host's clocks. No other code of beat reads the time or sets a timer. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      // Node warns about negative times; the remaining time of a lease may be negative.
      await delay(Math.max(0, ms), undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};
