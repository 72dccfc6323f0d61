import type { Clock } from '../util/clock.ts';
import type { Findings } from './store.ts';

/** Measurements of the clock: the quickest is the most exact, and one alone may have met a busy moment. */
const SAMPLES = 3;

/**
 * How far this host's clock is ahead of a server's, which `read` asks for (epoch milliseconds). The server
 * read its clock at some time between question and answer: half-way, give or take the half.
 */
export async function measureSkew(
  clock: Clock,
  read: () => Promise<number>,
): Promise<Findings['skew']> {
  let best = { ms: 0, within: Infinity };
  for (let i = 0; i < SAMPLES; i++) {
    const [asked, started] = [clock.now(), clock.monotonic()];
    const theirs = await read();
    const within = (clock.monotonic() - started) / 2;
    if (within < best.within) best = { ms: asked + within - theirs, within };
  }
  return best;
}
