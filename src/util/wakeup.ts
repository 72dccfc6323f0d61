import { linkAbort, type LinkedAbort } from './linked-abort.ts';
import { DONE } from './wait.ts';

/** Wakes a loop that sleeps until a signal aborts. */
export class Wakeup {
  #current: { readonly until: AbortSignal; readonly awake: LinkedAbort } | null = null;
  #isAwake = false;

  /** Returns a signal that aborts at `wake`, or with the given signal. The signal stays the same until `reset`. */
  signal(until: AbortSignal): AbortSignal {
    if (this.#current?.until !== until) {
      this.#current?.awake.abort(DONE);
      const awake = linkAbort(until);
      this.#current = { until, awake };
      if (this.#isAwake) awake.abort(DONE);
    }
    return this.#current.awake.signal;
  }

  wake(): void {
    this.#isAwake = true;
    this.#current?.awake.abort(DONE);
  }

  /** Call this before the loop checks what woke it. */
  reset(): void {
    if (!this.#isAwake) return;
    this.#isAwake = false;
    this.#current = null;
  }
}
