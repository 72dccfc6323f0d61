/** How long a test waits for an item before it fails and shows the last ones. Milliseconds. */
const TIMEOUT = 45_000;

/** A list of items, such as log lines, on which tests wait for further ones. */
export class Journal<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();
  #endReason: string | null = null;

  add(item: T): void {
    this.all.push(item);
    for (const look of this.#waiting) look();
  }

  /** Marks the list as complete: every waiting call fails with the reason. */
  end(reason: string): void {
    this.#endReason = reason;
    for (const look of this.#waiting) look();
  }

  /** Returns the first item that matches, from index `from` on, and waits for it. */
  async first(what: string, matches: (item: T) => boolean, from = 0): Promise<T> {
    return this.until(what, (all) => all.slice(from).find(matches));
  }

  /** Calls `answer` with all items, again after each new one, until it returns a value. */
  async until<R>(what: string, answer: (all: readonly T[]) => R | undefined): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const fail = (why: string) => {
      const tail = this.all.slice(-20).map((item) => JSON.stringify(item));
      reject(new Error(`${why} before: ${what}. Last items:\n${tail.join('\n')}`));
    };
    const look = () => {
      const found = answer(this.all);
      if (found !== undefined) resolve(found);
      else if (this.#endReason !== null) fail(this.#endReason);
    };
    const timer = setTimeout(() => fail(`${TIMEOUT} ms passed`), TIMEOUT);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }
}
