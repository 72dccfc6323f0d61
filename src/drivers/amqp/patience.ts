import type { Clock } from '../../util/clock.ts';

/** Nothing was heard for so long that nothing more is waited for. */
export class Silence extends Error {
  override name = 'Silence';

  constructor(ms: number) {
    super(`RabbitMQ did not answer in ${ms} ms`);
  }
}

/** The promise's own end, or a rejection with `Silence` after so many milliseconds. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return whileHeard(clock, ms, promise, () => 0);
}

/**
 * The promise's own end, or a rejection with `Silence` once `heard` has answered the same for so many
 * milliseconds: however much there is to do, somebody who does some of it is waited for.
 */
export async function whileHeard<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  heard: () => number,
): Promise<T> {
  const ended = new AbortController();
  const silence = async (): Promise<never> => {
    for (let before = -1; before !== heard() && !ended.signal.aborted;) {
      before = heard();
      await clock.sleep(ms, ended.signal);
    }
    throw new Silence(ms);
  };
  try {
    return await Promise.race([promise, silence()]);
  } finally {
    ended.abort();
    // Whatever else comes of it is nobody's any more.
    promise.catch(() => {});
  }
}
