/** How long anything may take to come before a test is told what came instead. Milliseconds. */
const PATIENCE = 45_000;

/** What came so far, in order, and a way to wait for what is yet to come. */
export class Journal<T> {
  readonly all: T[] = [];
  readonly #looking = new Set<() => void>();
  #ended: string | null = null;

  add(item: T): void {
    this.all.push(item);
    for (const look of this.#looking) look();
  }

  /** Nothing more will come: whoever waits is told why. */
  end(reason: string): void {
    this.#ended = reason;
    for (const look of this.#looking) look();
  }

  /** The first item that matches, of those that came or will come; `from` leaves out the first so many. */
  async first(what: string, matches: (item: T) => boolean, from = 0): Promise<T> {
    return this.until(what, (all) => all.slice(from).find(matches));
  }

  /** Looks at everything that came, again at each new item, until there is an answer. */
  async until<R>(what: string, answer: (all: readonly T[]) => R | undefined): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const fail = (why: string) => {
      const tail = this.all.slice(-20).map((item) => JSON.stringify(item));
      reject(new Error(`${why} before: ${what}. Last came:\n${tail.join('\n')}`));
    };
    const look = () => {
      const found = answer(this.all);
      if (found !== undefined) resolve(found);
      else if (this.#ended !== null) fail(this.#ended);
    };
    const timer = setTimeout(() => fail(`${PATIENCE} ms passed`), PATIENCE);
    this.#looking.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#looking.delete(look);
    }
  }
}
