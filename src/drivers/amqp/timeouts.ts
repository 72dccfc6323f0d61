import type { Clock } from '../../util/clock.ts';

export class TimeoutError extends Error {
  override name = 'TimeoutError';

  constructor(ms: number) {
    super(`RabbitMQ did not answer in ${ms} ms`);
  }
}

/** Settles like the promise, or rejects with a `TimeoutError` after this many milliseconds. */
export async function withTimeout<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return withIdleTimeout(clock, ms, promise, () => 0);
}

/** Settles like the promise, or rejects with a `TimeoutError` when `answers` has not changed for `ms` milliseconds. */
export async function withIdleTimeout<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  answers: () => number,
): Promise<T> {
  const ended = new AbortController();
  const timeout = async (): Promise<never> => {
    for (let before = -1; before !== answers() && !ended.signal.aborted;) {
      before = answers();
      await clock.sleep(ms, ended.signal);
    }
    throw new TimeoutError(ms);
  };
  try {
    return await Promise.race([promise, timeout()]);
  } finally {
    ended.abort();
    // After a timeout the rejection of the promise has no handler.
    promise.catch(() => {});
  }
}
