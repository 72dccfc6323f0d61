/** The uncached searches of a schedule. Epoch milliseconds; `null` for none. */
export interface Search {
  readonly next: (after: number) => number | null;
  readonly latest: (after: number, until: number) => number | null;
}

/**
 * Caches the last `next` and `latest` of a schedule. An answer is valid for every instant between the
 * argument and itself, and entries that share a schedule ask one after the other about nearly the same instant.
 */
export class LastAnswerCache {
  readonly #search: Search;

  // No occurrence lies between #asked and #due. #due is Infinity if no occurrence follows #asked.
  #asked = Infinity;
  #due = -Infinity;
  // No occurrence lies between #newest and #until, or between #since and #until if #newest is null.
  #since = Infinity;
  #until = -Infinity;
  #newest: number | null = null;

  constructor(search: Search) {
    this.#search = search;
  }

  next(after: number): number | null {
    if (after < this.#asked || after >= this.#due) {
      this.#due = this.#search.next(after) ?? Infinity;
      this.#asked = after;
    }
    return this.#due === Infinity ? null : this.#due;
  }

  latest(after: number, until: number): number | null {
    const known = until === this.#until && (this.#newest !== null || after >= this.#since);
    if (!known) {
      this.#newest = this.#search.latest(after, until);
      this.#since = after;
      this.#until = until;
    }
    return this.#newest !== null && this.#newest > after ? this.#newest : null;
  }
}
