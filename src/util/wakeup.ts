import { DONE } from './wait.ts';

/** Wakes a loop that sleeps until a signal aborts. */
export class Wakeup {
  #current: { readonly until: AbortSignal; readonly signal: AbortSignal; readonly wake: () => void } | null = null;
  #isAwake = false;

  /** Returns a signal that aborts at `wake`, or with the given signal. The signal stays the same until `reset`. */
  signal(until: AbortSignal): AbortSignal {
    if (this.#current?.until !== until) {
      this.#unlink();
      // `AbortSignal.any` would do the same, and takes several times as long.
      const awake = new AbortController();
      const wake = () => awake.abort(DONE);
      this.#current = { until, signal: awake.signal, wake };
      if (this.#isAwake || until.aborted) wake();
      else until.addEventListener('abort', wake);
    }
    return this.#current.signal;
  }

  #unlink(): void {
    this.#current?.until.removeEventListener('abort', this.#current.wake);
    this.#current = null;
  }

  wake(): void {
    this.#isAwake = true;
    this.#current?.wake();
  }

  /** Call this before the loop checks what woke it. */
  reset(): void {
    if (!this.#isAwake) return;
    this.#isAwake = false;
    this.#unlink();
  }
}
