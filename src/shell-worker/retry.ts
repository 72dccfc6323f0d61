import type { Events } from '../contracts/events/events.ts';
import type { Operation } from '../contracts/events/beat-events.ts';
import { pauseAfter } from '../util/backoff.ts';
import type { Clock } from '../util/clock.ts';

/** The pause between two attempts grows from the first value to the second. Milliseconds. */
const FIRST_PAUSE = 200;
const MAX_PAUSE = 5_000;

/** Attempts of a brief call, and of any call once the worker stops. */
const FEW_ATTEMPTS = 5;

/**
 * Retries a call until it succeeds. Resolves with `null` after the last attempt: a brief call has few attempts, because
 * other jobs wait for it; any other call has few once the worker stops.
 */
export type Retry = <T>(
  operation: Operation,
  call: () => Promise<T>,
  options?: { readonly isBrief: boolean },
) => Promise<T | null>;

/** The pause in milliseconds after a number of failures, which is at least 1. */
export function retryPause(failures: number): number {
  return pauseAfter(failures, FIRST_PAUSE, MAX_PAUSE, Math.random);
}

/** Creates a `Retry` that reports each failure, and the recovery. */
export function createRetry(failures: Events, clock: Clock, stop: AbortSignal): Retry {
  return async (operation, call, { isBrief } = { isBrief: false }) => {
    let counted = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await call();
        failures.reportRecovery(operation);
        return answer;
      } catch (error) {
        failures.reportFailure(operation, error);
      }
      if (isBrief || stop.aborted) counted += 1;
      if (counted >= FEW_ATTEMPTS) return null;
      await clock.sleep(retryPause(attempt), new AbortController().signal);
    }
  };
}
