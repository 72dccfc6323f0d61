import type { Clock } from '../../util/clock.ts';
import type { ClockSkew } from '../../contracts/store/store.ts';

/** Measurements per call: the fastest answer is the most accurate. */
const SAMPLES = 3;

/** Measures how far this host's clock is ahead of a server's, which is read half-way between request and answer. */
export async function measureSkew(clock: Clock, read: () => Promise<number>): Promise<ClockSkew> {
  let best = { ms: 0, within: Infinity };
  for (let i = 0; i < SAMPLES; i++) {
    const [now, started] = [clock.now(), clock.monotonic()];
    const serverTime = await read();
    const within = (clock.monotonic() - started) / 2;
    if (within < best.within) best = { ms: now + within - serverTime, within };
  }
  return best;
}
