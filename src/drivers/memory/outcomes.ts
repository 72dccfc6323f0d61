import type { RunOutcomes } from '../../leader/scheduling/run-outcomes.ts';

/** Runs that end when a test says so. */
export class MemoryOutcomes implements RunOutcomes {
  #ended = new Map<string, Set<string>>();
  #changed = (): void => {};

  end(entry: string, taskId: string): void {
    this.#ended.set(entry, (this.#ended.get(entry) ?? new Set()).add(taskId));
    this.#changed();
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  takeEnded(): ReadonlyMap<string, ReadonlySet<string>> {
    const ended = this.#ended;
    this.#ended = new Map();
    return ended;
  }

  /** The answer is always known. */
  check(): boolean {
    return true;
  }

  reset(): void {}
  watch(): void {}
  expedite(): void {}
}
