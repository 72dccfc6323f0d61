import { once } from 'node:events';
import type { Clock } from './clock.ts';
import { StoreError } from './errors.ts';

/** How long a broker that is slow to answer is waited for after a stop, milliseconds. */
const GRACE = 1_000;

/**
 * The promise's own end, or a rejection soon after the stop. What is still under way then is nobody's any
 * more: it may happen, and whatever was kept is dealt with by the next term.
 */
export async function unlessStopped<T>(
  clock: Clock,
  stop: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  if (!stop) return work;
  const ended = new AbortController();
  const { signal } = ended;
  const giveUp = async (): Promise<never> => {
    if (!stop.aborted) await once(stop, 'abort', { signal });
    await clock.sleep(GRACE, signal);
    throw new StoreError(
      'stopped before the broker had answered: what is kept is sent by the next term',
    );
  };
  try {
    return await Promise.race([work, giveUp()]);
  } finally {
    ended.abort();
  }
}
