/** A condition variable that any number of callers can wait for. */
export class Condition {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `notifyAll`, or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      // This removes both references: a follower waits thousands of times without a notification.
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  notifyAll(): void {
    for (const wake of this.#waiting) wake();
  }
}
