import type { Clock } from './clock.ts';
import { linkAbort } from './linked-abort.ts';

/** A reason to abort with. Without one, each abort makes an exception with a stack. */
export const DONE = 'done';

/** The longest single sleep, so that a wall clock that is set is noticed soon. Milliseconds. */
const MAX_SLEEP = 1_000;

/**
 * Sleeps until the wall clock reaches `wakeAt` (epoch milliseconds; `Infinity` for no end) or the signal aborts. It
 * sleeps in short steps, and reads the clock and calls `wakeAt` after each, because timers may fire early and wall clocks
 * may be set. It calls `onStep` at each step, so that a health check finds the loop alive.
 */
export async function sleepUntil(
  clock: Clock,
  wakeAt: () => number,
  signal: AbortSignal,
  onStep: () => void = () => {},
): Promise<void> {
  for (;;) {
    onStep();
    const left = wakeAt() - clock.now();
    if (left <= 0 || signal.aborted) return;
    await clock.sleep(Math.min(left, MAX_SLEEP), signal);
  }
}

/** Runs `wait` with a signal that aborts after `ms`, or when the given signal aborts. */
export async function waitAtMost(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const done = linkAbort(signal);
  try {
    await Promise.race([wait(done.signal), clock.sleep(ms, done.signal)]);
  } finally {
    done.abort(DONE);
  }
}

/** Calls `load` at most once in `ms` milliseconds; calls within that time share the result. */
export function reuse<T>(load: () => Promise<T>, ms: number, clock: Clock): () => Promise<T> {
  let loading: Promise<T> | undefined;
  let begunAt = -Infinity;
  return () => {
    const now = clock.monotonic();
    if (!loading || now - begunAt >= ms) {
      loading = load();
      begunAt = now;
    }
    return loading;
  };
}
