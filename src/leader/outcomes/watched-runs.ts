import type { RunningRun } from '../../contracts/store/entry-state.ts';
import { endsBy, type Entry } from '../../entries/catalog/entry.ts';
import type { Clock } from '../../util/clock.ts';
import type { Condition } from '../../util/condition.ts';
import type { RunOutcomes } from '../scheduling/scheduler-options.ts';
import { nextReadAt, type FollowedRun, type FollowedRuns } from './followed-runs.ts';

/** Ended runs that are remembered, so that none is reported twice. */
const MAX_KNOWN = 10_000;

/** The runs of entries that limit overlap. They end with a result alone: the event of an end may be lost. */
export class WatchedRuns implements RunOutcomes {
  readonly #runs: FollowedRuns;
  readonly #clock: Clock;
  /** Notified when runs are to be read earlier than before. */
  readonly #earlier: Condition;
  readonly #known = new Set<string>();
  /** The task ids of ended runs that the scheduler has not taken, by entry. */
  #ended = new Map<string, Set<string>>();
  #changed = (): void => {};

  constructor(runs: FollowedRuns, clock: Clock, earlier: Condition) {
    this.#runs = runs;
    this.#clock = clock;
    this.#earlier = earlier;
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  reset(): void {
    this.#runs.clear();
    this.#known.clear();
    this.#ended.clear();
  }

  watch(entry: Entry, runs: readonly RunningRun[]): void {
    for (const run of runs) if (!this.#known.has(run.taskId)) this.#watch(entry, run);
  }

  check(entry: Entry, runs: readonly RunningRun[], since: number): boolean {
    const now = this.#clock.now();
    const stale = runs.filter((run) => {
      if (this.#known.has(run.taskId)) {
        this.#end(entry.name, run.taskId);
        return false;
      }
      const watched = this.#watch(entry, run);
      if (watched.checkedAt >= since) return false;
      if (watched.readAt !== Infinity) this.#runs.schedule(watched, now);
      return true;
    });
    if (stale.length === 0) return true;
    this.#earlier.notifyAll();
    // A backend that did not answer a moment ago is not asked again for each entry.
    return now < this.#runs.retryAt;
  }

  expedite(running: readonly RunningRun[]): void {
    for (const { taskId, sentAt } of running) {
      const watched = this.#runs.find(taskId);
      if (!watched || watched.isAwaited) continue;
      watched.isAwaited = true;
      const at = nextReadAt(sentAt, this.#clock.now(), true);
      if (watched.readAt !== Infinity) this.#runs.schedule(watched, at);
    }
    this.#earlier.notifyAll();
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
    const until = endsBy(entry, sentAt);
    const found = this.#runs.find(taskId);
    if (found) return Object.assign(found, { until, isWatched: true });
    const run = { entry: entry.name, task: entry.task, taskId, dueAt, sentAt };
    const watched = this.#runs.add(run, this.#clock.now(), { until, isWatched: true });
    this.#earlier.notifyAll();
    return watched;
  }

  #end(entry: string, taskId: string): void {
    this.#ended.set(entry, (this.#ended.get(entry) ?? new Set()).add(taskId));
    this.#known.add(taskId);
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!);
    this.#changed();
  }
}
