import { DONE } from './wait.ts';

/** Wakes a loop that sleeps until a signal aborts. */
export class Wakeup {
  #current: { readonly until: AbortSignal; readonly signal: AbortSignal; wake: () => void } | null = null;
  #isAwake = false;

  /** Returns a signal that aborts at `wake`, or with the given signal. The signal stays the same until `reset`. */
  signal(until: AbortSignal): AbortSignal {
    if (this.#current?.until !== until) {
      const awake = new AbortController();
      const signal = AbortSignal.any([until, awake.signal]);
      this.#current = { until, signal, wake: () => awake.abort(DONE) };
      if (this.#isAwake) awake.abort(DONE);
    }
    return this.#current.signal;
  }

  wake(): void {
    this.#isAwake = true;
    this.#current?.wake();
  }

  /** Call this before the loop checks what woke it. */
  reset(): void {
    if (!this.#isAwake) return;
    this.#isAwake = false;
    this.#current = null;
  }
}
