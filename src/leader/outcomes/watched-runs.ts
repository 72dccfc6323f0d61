import type { RunningRun } from '../../contracts/store/entry-state.ts';
import { endsBy, type Entry } from '../../entries/catalog/entry.ts';
import type { Clock } from '../../util/clock.ts';
import type { RunOutcomes } from '../scheduling/scheduler-options.ts';
import { nextReadAt, type FollowedRun, type FollowedRuns } from './followed-runs.ts';

export interface WatchedRunsOptions {
  readonly runs: FollowedRuns;
  readonly clock: Clock;
  /** Called when runs are to be read earlier than before. */
  readonly wake: () => void;
  /** When the result backend may be read next, because the last read failed. Epoch milliseconds. */
  readonly retryAt: () => number;
}

/** Ended runs that are remembered, so that none is reported twice. */
const MAX_KNOWN = 10_000;

/** The runs of entries that limit overlap. They end with a result alone: the event of an end may be lost. */
export class WatchedRuns implements RunOutcomes {
  readonly #options: WatchedRunsOptions;
  /** The task ids of the runs that ended last. */
  readonly #known = new Set<string>();
  /** The task ids of ended runs that the scheduler has not taken, by entry. */
  #ended = new Map<string, Set<string>>();
  #changed = (): void => {};

  constructor(options: WatchedRunsOptions) {
    this.#options = options;
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  reset(): void {
    this.#options.runs.clear();
    this.#known.clear();
    this.#ended.clear();
  }

  watch(entry: Entry, runs: readonly RunningRun[]): void {
    for (const run of runs) if (!this.#known.has(run.taskId)) this.#watch(entry, run);
  }

  check(entry: Entry, runs: readonly RunningRun[], since: number): boolean {
    const { clock, wake, retryAt } = this.#options;
    const now = clock.now();
    const stale = runs.filter((run) => {
      if (this.#known.has(run.taskId)) {
        this.#end(entry.name, run.taskId);
        return false;
      }
      const watched = this.#watch(entry, run);
      if (watched.checkedAt >= since) return false;
      if (watched.readAt !== Infinity) this.#options.runs.schedule(watched, now);
      return true;
    });
    if (stale.length === 0) return true;
    wake();
    // A backend that did not answer a moment ago is not asked again for each entry.
    return now < retryAt();
  }

  expedite(running: readonly RunningRun[]): void {
    const { runs, clock, wake } = this.#options;
    for (const { taskId, sentAt } of running) {
      const watched = runs.find(taskId);
      if (!watched || watched.isAwaited) continue;
      watched.isAwaited = true;
      const at = nextReadAt(sentAt, clock.now(), true);
      if (watched.readAt !== Infinity) runs.schedule(watched, at);
    }
    wake();
  }

  takeEnded(): ReadonlyMap<string, ReadonlySet<string>> {
    const ended = this.#ended;
    this.#ended = new Map();
    return ended;
  }

  /** Ends a run, once, if it is watched. */
  end({ run, isWatched }: FollowedRun): void {
    if (isWatched && !this.#known.has(run.taskId)) this.#end(run.entry, run.taskId);
  }

  /** Notifies the scheduler if entries wait for any of these runs. */
  notify(read: readonly FollowedRun[]): void {
    if (read.some(({ isWatched }) => isWatched)) this.#changed();
  }

  #watch(entry: Entry, { taskId, dueAt, sentAt }: RunningRun): FollowedRun {
    const { runs, clock, wake } = this.#options;
    const until = endsBy(entry, sentAt);
    const found = runs.find(taskId);
    if (found) return Object.assign(found, { until, isWatched: true });
    const run = { entry: entry.name, task: entry.task, taskId, dueAt, sentAt };
    const watched = runs.add(run, clock.now(), { until, isWatched: true });
    wake();
    return watched;
  }

  #end(entry: string, taskId: string): void {
    const ended = this.#ended.get(entry) ?? new Set();
    this.#ended.set(entry, ended.add(taskId));
    this.#known.add(taskId);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!);
    this.#changed();
  }
}
