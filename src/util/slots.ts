/** Limits how many operations run at the same time. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#free = size;
  }

  /** Whether `take` waits for a place. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Waits for a place, first come, first served. Resolves with `false` if the signal aborts before. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const taken = () => {
        signal.removeEventListener('abort', aborted);
        resolve(true);
      };
      const aborted = () => {
        this.#waiting.delete(taken);
        resolve(false);
      };
      this.#waiting.add(taken);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  release(): void {
    const [next] = this.#waiting;
    if (!next) return void (this.#free += 1);
    this.#waiting.delete(next);
    next();
  }
}
