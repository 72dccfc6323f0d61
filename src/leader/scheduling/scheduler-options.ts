import type { Catalog } from '../../entries/catalog/catalog.ts';
import type { Definitions } from '../../entries/catalog/definition.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import type { MessageContext } from '../../entries/compose/message-context.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { RunningRun } from '../../contracts/store/entry-state.ts';
import type { Ledger } from '../../contracts/store/ledger.ts';
import type { ResultBackend } from '../../contracts/store/results.ts';
import type { StoredEntries } from '../../contracts/store/stored-entries.ts';
import type { Clock } from '../../util/clock.ts';

/** What the scheduler and its parts work with. */
export interface SchedulerOptions {
  readonly catalog: Catalog;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly events: Events;
  /** Absent where the store cannot hold entries. */
  readonly stored?: StoredSource | undefined;
  /** Returns the values that messages share, which a reload replaces. */
  readonly messageContext: () => MessageContext;
  /** Returns how much memory runs may take that are prepared before they are due, bytes; none are prepared without it. */
  readonly preparationMemory?: (() => number) | undefined;
  /** Returns where chords are joined; `null` while no entry starts one. */
  readonly results: () => ResultBackend | null | Promise<ResultBackend | null>;
  /** The outcomes of runs; without them, runs of entries that limit overlap end after their `maxRuntime`. */
  readonly outcomes?: RunOutcomes | undefined;
  /**
   * Called whenever a commit was answered, or failed: a loop that retries an unreachable store is not stuck. A
   * commit that ends the term is not progress.
   */
  readonly progressed: () => void;
  /** Called when a tick has something to do before `wakeAt`. */
  readonly wake?: () => void;
  /** Called with the names of all entries whose states cannot be read, whenever they change. */
  readonly blocked?: (entries: readonly string[]) => void;
  /** Asks workers to end these tasks. Rejects if the broker did not accept the request. */
  readonly cancelTasks?: ((taskIds: readonly string[]) => Promise<void>) | undefined;
}

/** Where stored entries are read. */
export interface StoredSource {
  readonly entries: StoredEntries;
  /** Reads definitions with the settings in force. */
  readonly definitions: () => Definitions;
}

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
