import type { Clock } from './clock.ts';
import { StoreError } from './errors.ts';
import { DONE } from './wait.ts';

/** How long beat waits after a stop for the answer of a broker or store. Milliseconds. */
const GRACE = 1_000;

/** The reason of a stop, with its instant on the monotonic clock, from which all grace periods count. */
export class Stop extends Error {
  override name = 'Stop';
  readonly at: number;

  constructor(at: number) {
    super('stopped');
    this.at = at;
  }
}

/**
 * Settles as `work` does, or rejects `grace` milliseconds after the stop. The work may still finish then; the
 * next term reads its outcome. A stop without an instant counts from this call.
 */
export async function withGracePeriod<T>(
  clock: Clock,
  stop: AbortSignal | undefined,
  work: Promise<T>,
  grace = GRACE,
): Promise<T> {
  if (!stop) return work;
  const ended = new AbortController();
  const { signal } = ended;
  let notice = (): void => {};
  const stopped = new Promise<void>((resolve) => (notice = resolve));
  if (stop.aborted) notice();
  else stop.addEventListener('abort', notice);
  const giveUp = async (): Promise<never> => {
    await stopped;
    const reason: unknown = stop.reason;
    const passed = reason instanceof Stop ? clock.monotonic() - reason.at : 0;
    if (passed < grace) await clock.sleep(grace - passed, signal);
    throw new StoreError('stopped before the answer arrived; the next term publishes what is pending');
  };
  try {
    return await Promise.race([work, giveUp()]);
  } finally {
    stop.removeEventListener('abort', notice);
    ended.abort(DONE);
  }
}
