import type { Clock } from './clock.ts';
import type { Steps } from './steps.ts';

/** The longest time that other work of the process waits for a slice. Milliseconds. */
const SLICE = 20;

const NEVER = new AbortController().signal;

/** Runs a computation in slices, between which timers and answers are handled, for `budget` ms without the pauses. */
export async function runInSlices<T>(steps: Steps<T>, clock: Clock, budget = Infinity): Promise<T> {
  let left = budget;
  let begin = clock.monotonic();
  let step = steps.next(false);
  while (!step.done) {
    const passed = clock.monotonic() - begin;
    if (passed >= SLICE) {
      left -= passed;
      await clock.sleep(0, NEVER);
      begin = clock.monotonic();
      step = steps.next(left <= 0);
    } else step = steps.next(passed >= left);
  }
  return step.value;
}
