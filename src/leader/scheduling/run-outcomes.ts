import type { Entry } from '../../entries/catalog/entry.ts';
import type { RunningRun } from '../../contracts/store/entry-state.ts';

/** What the scheduler asks about runs whose entries limit overlap. The result backend is read beside the schedule. */
export interface RunOutcomes {
  /** Discards all runs, for a new term. */
  reset(): void;
  /** Follows these runs until they have an outcome. May be called again for the same runs. */
  watch(entry: Entry, runs: readonly RunningRun[]): void;
  /**
   * Whether the result backend was asked about each of these runs at `since` (epoch milliseconds) or later, even if it
   * did not answer. If not, it is asked at once, and the listener is called afterwards.
   */
  check(entry: Entry, runs: readonly RunningRun[], since: number): boolean;
  /** Reads the outcomes of these runs often, because an occurrence waits for them. */
  expedite(runs: readonly RunningRun[]): void;
  /** The runs that have ended since the last call: their task ids, by entry. */
  takeEnded(): ReadonlyMap<string, ReadonlySet<string>>;
  /** Calls the listener when runs have ended or were checked. */
  onChange(listener: () => void): void;
}

/** Without a result backend that can be read, no run ends. */
export const NO_OUTCOMES: RunOutcomes = {
  reset: () => {},
  watch: () => {},
  check: () => true,
  expedite: () => {},
  takeEnded: () => new Map(),
  onChange: () => {},
};
