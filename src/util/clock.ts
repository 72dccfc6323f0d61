import { setTimeout as delay } from 'node:timers/promises';

/** The source of time. The wall clock decides what is due, the monotonic clock how long a lock is trusted. */
export interface Clock {
  /** Wall clock: milliseconds since the Unix epoch, UTC. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  /**
   * Resolves after `ms` on the monotonic clock (at once for 0 and less), or as soon as the signal
   * aborts. Never rejects.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The longest sleep, in milliseconds: a wall clock that is set forward is noticed after it. */
const LONGEST_NAP = 1_000;

/**
 * Sleeps until the wall clock reads `wakeAt` (epoch milliseconds; `Infinity` for "until the signal")
 * or the signal aborts. Naps, and looks at the clock after each: timers may fire a little early, and
 * wall clocks are set. `napped` is called at every look, which is how a health check sees a loop that
 * waits apart from one that hangs.
 */
export async function sleepUntil(
  clock: Clock,
  wakeAt: number,
  signal: AbortSignal,
  napped: () => void = () => {},
): Promise<void> {
  for (;;) {
    napped();
    const left = wakeAt - clock.now();
    if (left <= 0 || signal.aborted) return;
    await clock.sleep(Math.min(left, LONGEST_NAP), signal);
  }
}

/** Waits for at most `ms`, or until the signal aborts. `wait` receives a signal that aborts when the time is over. */
export async function waitAtMost(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  await Promise.race([wait(either), clock.sleep(ms, either)]);
  done.abort();
}

/** The host's clocks. The only place of beat that reads the time or sets a timer. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      // Node warns of negative times, and what is left of a trust may just have become one.
      await delay(Math.max(0, ms), undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};
