/** How a schedule finds out, when it has to. Epoch milliseconds; `null` for none. */
export interface Search {
  readonly next: (after: number) => number | null;
  readonly latest: (after: number, until: number) => number | null;
}

/**
 * The last answers of a schedule, each of which answers every question between the one that was asked
 * and itself: entries that share a schedule are asked one after the other about nearly the same moment.
 */
export class Answers {
  readonly #search: Search;

  // Nothing is due after #asked and before #due; nothing ever, where #due is Infinity.
  #asked = Infinity;
  #due = -Infinity;
  // Nothing is due after #newest and until #until; nor after #since, where #newest is null.
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
