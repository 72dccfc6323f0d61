/** Ended runs that are remembered, so that none is reported twice. */
const MAX_KNOWN = 10_000;

/** The runs that have ended, of the entries that wait for that. */
export class EndedRuns {
  readonly #known = new Set<string>();
  #added = new Map<string, Set<string>>();

  has(taskId: string): boolean {
    return this.#known.has(taskId);
  }

  /** Adds a run, also one that was added before. Of too many, the oldest is forgotten. */
  add(entry: string, taskId: string): void {
    const ids = this.#added.get(entry) ?? new Set();
    this.#added.set(entry, ids.add(taskId));
    this.#known.add(taskId);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!);
  }

  /** The runs that were added since the last call: their task ids, by entry. */
  takeAdded(): ReadonlyMap<string, ReadonlySet<string>> {
    const added = this.#added;
    this.#added = new Map();
    return added;
  }

  clear(): void {
    this.#known.clear();
    this.#added.clear();
  }
}
