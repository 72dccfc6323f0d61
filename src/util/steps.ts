import type { Clock } from './clock.ts';

/** A long computation that yields where it can be interrupted. */
export type Steps<T> = Generator<undefined, T>;

/** How long other work of the process waits at most for a computation that is run in slices. Milliseconds. */
const SLICE = 20;

const NEVER = new AbortController().signal;

/** Runs a computation without interruption. */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs a computation in slices, between which timers and answers of servers are handled. */
export async function runInSlices<T>(steps: Steps<T>, clock: Clock): Promise<T> {
  let begin = clock.monotonic();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (clock.monotonic() - begin < SLICE) continue;
    await clock.sleep(0, NEVER);
    begin = clock.monotonic();
  }
}
