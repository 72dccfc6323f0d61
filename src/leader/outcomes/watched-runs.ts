import type { Entry } from '../../entries/catalog/entry.ts';
import { endsBy } from '../../entries/catalog/entry.ts';
import type { RunOutcomes } from '../scheduling/run-outcomes.ts';
import type { RunningRun } from '../../contracts/store/entry-state.ts';
import type { Clock } from '../../util/clock.ts';
import { EndedRuns } from './ended-runs.ts';
import { nextReadAt, type FollowedRuns, type Place } from './followed-runs.ts';

export interface WatchedRunsOptions {
  readonly runs: FollowedRuns;
  readonly clock: Clock;
  /** Called when runs are to be read earlier than before. */
  readonly wake: () => void;
  /** When the result backend may be read next, because the last read failed. Epoch milliseconds. */
  readonly retryAt: () => number;
}

/** The runs of entries that limit overlap. They end with a result alone: the event of an end may be lost. */
export class WatchedRuns implements RunOutcomes {
  readonly #options: WatchedRunsOptions;
  readonly #ended = new EndedRuns();
  #changed = (): void => {};

  constructor(options: WatchedRunsOptions) {
    this.#options = options;
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  reset(): void {
    this.#options.runs.clear();
    this.#ended.clear();
  }

  watch(entry: Entry, runs: readonly RunningRun[]): void {
    for (const run of runs) if (!this.#ended.has(run.taskId)) this.#watch(entry, run);
  }

  check(entry: Entry, runs: readonly RunningRun[], since: number): boolean {
    const { clock, wake, retryAt } = this.#options;
    const now = clock.now();
    const stale = runs.filter((run) => {
      if (this.#ended.has(run.taskId)) {
        this.#end(entry.name, run.taskId);
        return false;
      }
      const place = this.#watch(entry, run);
      if (place.checkedAt >= since) return false;
      if (place.readAt !== Infinity) this.#options.runs.schedule(place, now);
      return true;
    });
    if (stale.length === 0) return true;
    wake();
    // A backend that did not answer a moment ago is not asked again for each entry.
    return now < retryAt();
  }

  expedite(runs: readonly RunningRun[]): void {
    const { clock, wake } = this.#options;
    const now = clock.now();
    for (const { taskId, sentAt } of runs) {
      const place = this.#options.runs.find(taskId);
      if (!place || place.isAwaited) continue;
      place.isAwaited = true;
      const at = nextReadAt(sentAt, now, true);
      if (place.readAt !== Infinity) this.#options.runs.schedule(place, at);
    }
    wake();
  }

  takeEnded(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#ended.takeAdded();
  }

  /** Ends a run, once, if it is watched. */
  end({ run, isWatched }: Place): void {
    if (isWatched && !this.#ended.has(run.taskId)) this.#end(run.entry, run.taskId);
  }

  /** Calls the listener because of runs that were read. */
  notify(read: readonly Place[]): void {
    if (read.some(({ isWatched }) => isWatched)) this.#changed();
  }

  #watch(entry: Entry, { taskId, dueAt, sentAt }: RunningRun): Place {
    const { runs, clock, wake } = this.#options;
    const until = endsBy(entry, sentAt);
    const found = runs.find(taskId);
    if (found) return Object.assign(found, { until, isWatched: true });
    const run = { entry: entry.name, task: entry.task, taskId, dueAt, sentAt };
    const place = runs.add(run, clock.now(), { until, isWatched: true });
    wake();
    return place;
  }

  #end(entry: string, taskId: string): void {
    this.#ended.add(entry, taskId);
    this.#changed();
  }
}
