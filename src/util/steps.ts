/**
 * A long computation that yields where it can be interrupted. A yield returns `true` once the time of the computation
 * is used up. A computation may then end early, with a result that shows this.
 */
export type Steps<T> = Generator<undefined, T, boolean>;

/** Runs a computation without interruption. `isOver` returns whether its time is used up. */
export function runAtOnce<T>(steps: Steps<T>, isOver: () => boolean = () => false): T {
  let step = steps.next(false);
  while (!step.done) step = steps.next(isOver());
  return step.value;
}
