import type { Entry } from '../catalog/entry.ts';
import { endsBy } from '../catalog/overlap.ts';
import type { OutcomeEvent, SentEvent, SkippedEvent } from '../events/beat-events.ts';
import type { Events } from '../events/events.ts';
import type { TaskOutcome } from '../message/task-outcome.ts';
import type { RunOutcomes } from '../scheduling/run-outcomes.ts';
import type { RunningRun } from '../store/entry-state.ts';
import type { History } from '../store/history.ts';
import type { ResultReader } from '../store/result-reader.ts';
import { waitAtMost, type Clock } from '../util/clock.ts';
import { Condition } from '../util/condition.ts';
import { StoreError } from '../util/errors.ts';
import { EndedRuns } from './ended-runs.ts';
import { FollowedRuns, nextReadAt, type FollowedRun, type Place } from './followed-runs.ts';
import { OutcomeHistory } from './outcome-history.ts';
import { READ_OUTCOMES, ResultReads } from './result-reads.ts';

export interface OutcomeFollowerOptions {
  readonly reader: ResultReader;
  /** Absent where no history is retained: outcomes are emitted as events only. */
  readonly history?: History | undefined;
  readonly clock: Clock;
  readonly events: Events;
}

/** How long a run is followed whose entry waits for no outcome. Milliseconds. */
export const FOLLOW_FOR = 24 * 3_600_000;
/** Runs that one read asks for. */
const BATCH = 500;
/** The longest pause between two looks at what is to be read. Milliseconds. */
const MAX_PAUSE = 30_000;
/** How much earlier than a run an outcome may be, by the clocks of other hosts, and still belong to it. Milliseconds. */
const MAX_SKEW = 300_000;

/**
 * Follows the runs that this instance publishes until the result backend has their outcomes, and emits an event for
 * each. Reads ask for many runs at once, at intervals that grow with the age of a run. A service of the leader.
 */
export class OutcomeFollower implements RunOutcomes {
  readonly #options: OutcomeFollowerOptions;
  readonly #runs = new FollowedRuns();
  readonly #history: OutcomeHistory | null;
  readonly #added = new Condition();
  readonly #ended = new EndedRuns();
  readonly #results: ResultReads;
  #changed = (): void => {};

  constructor(options: OutcomeFollowerOptions) {
    this.#options = options;
    const { events, history } = options;
    this.#results = new ResultReads(options);
    this.#history = history ? new OutcomeHistory(history, events) : null;
    events.on('sent', (run) => {
      if (asksForResult(run)) this.#follow(run);
    });
    events.on('skipped', (skip) => this.#forget(skip));
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  reset(): void {
    this.#runs.clear();
    this.#ended.clear();
  }

  watch(entry: Entry, runs: readonly RunningRun[]): void {
    for (const run of runs) if (!this.#ended.has(run.taskId)) this.#watch(entry, run);
  }

  check(entry: Entry, runs: readonly RunningRun[], since: number): boolean {
    const now = this.#options.clock.now();
    const stale = runs.filter((run) => {
      if (this.#ended.has(run.taskId)) return this.#end(entry.name, run.taskId);
      const place = this.#watch(entry, run);
      if (place.checkedAt >= since) return false;
      if (place.readAt !== Infinity) this.#runs.schedule(place, now);
      return true;
    });
    if (stale.length === 0) return true;
    this.#added.notifyAll();
    // A backend that did not answer a moment ago is not asked again for each entry.
    return now < this.#results.retryAt;
  }

  expedite(runs: readonly RunningRun[]): void {
    const now = this.#options.clock.now();
    for (const { taskId, sentAt } of runs) {
      const place = this.#runs.find(taskId);
      if (!place || place.isAwaited) continue;
      place.isAwaited = true;
      if (place.readAt !== Infinity) this.#runs.schedule(place, nextReadAt(sentAt, now, true));
    }
    this.#added.notifyAll();
  }

  takeEnded(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#ended.takeAdded();
  }

  /**
   * Runs during a term, until the signal aborts. It also follows the runs of these entries that the leader before has left
   * without an outcome in the history. Never rejects.
   */
  async run(signal: AbortSignal, entries: readonly string[] = []): Promise<void> {
    const { clock } = this.#options;
    void this.#resume(entries, signal);
    while (!signal.aborted) {
      await this.#read(signal);
      await this.#history?.flush();
      const wakeAt = Math.max(this.#runs.wakeAt, this.#results.retryAt);
      const pause = Math.min(wakeAt - clock.now(), MAX_PAUSE);
      await waitAtMost(clock, pause, signal, (either) => this.#added.wait(either));
    }
  }

  async #resume(entries: readonly string[], signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    try {
      for (const entry of this.#history ? entries : []) {
        const open = await this.#history!.findOpen(entry);
        if (signal.aborted) return;
        const since = clock.now() - FOLLOW_FOR;
        for (const run of open) if (run.sentAt > since) this.#follow({ ...run, entry });
      }
    } catch (error) {
      events.reportFailure(READ_OUTCOMES, error);
    }
  }

  #follow({ entry, task, taskId, dueAt, sentAt }: FollowedRun): void {
    if (this.#runs.find(taskId)) return;
    const now = this.#options.clock.now();
    this.#runs.add({ entry, task, taskId, dueAt, sentAt }, now, sentAt + FOLLOW_FOR);
    this.#added.notifyAll();
  }

  #watch(entry: Entry, { taskId, dueAt, sentAt }: RunningRun): Place {
    const until = endsBy(entry, sentAt);
    const found = this.#runs.find(taskId);
    if (found) return Object.assign(found, { until, isWatched: true });
    const run = { entry: entry.name, task: entry.task, taskId, dueAt, sentAt };
    const place = this.#runs.add(run, this.#options.clock.now(), until, true);
    this.#added.notifyAll();
    return place;
  }

  /** Runs whose messages were in the outbox and are not published any more will have no outcome. */
  #forget({ entry, reason, first, last }: SkippedEvent): void {
    if (!NOT_PUBLISHED.has(reason)) return;
    for (const { run, isWatched } of [...this.#runs]) {
      if (run.entry !== entry || run.dueAt < first || run.dueAt > last) continue;
      this.#runs.remove(run.taskId);
      if (isWatched) this.#end(entry, run.taskId);
    }
  }

  /** Reads all runs that are due, in batches. */
  async #read(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (clock.now() < this.#results.retryAt) return;
    for (;;) {
      const now = clock.now();
      const due = this.#runs.take(now, BATCH);
      if (due.length === 0) return;
      const isRead = await this.#readBatch(due, signal);
      if (signal.aborted) return;
      for (const place of due) this.#settle(place, now, isRead);
      if (due.some(({ isWatched }) => isWatched)) this.#changed();
      if (!isRead) return;
    }
  }

  /** Returns whether the backend answered. */
  async #readBatch(due: readonly Place[], signal: AbortSignal): Promise<boolean> {
    const outcomes = await this.#results.read(
      due.map(({ run }) => run.taskId),
      signal,
    );
    if (outcomes === null) return false;
    for (const outcome of outcomes.ended) this.#report(outcome);
    for (const [taskId, reason] of outcomes.unreadable) this.#dropUnreadable(taskId, reason);
    if (outcomes.unreadable.size === 0) this.#options.events.reportRecovery(READ_OUTCOMES);
    return true;
  }

  /** What follows a read that began at `now`: the next one, or the end of following. */
  #settle(place: Place, now: number, isRead: boolean): void {
    const { run, until, isWatched } = place;
    if (this.#runs.find(run.taskId) !== place) return;
    place.checkedAt = now;
    if (now < until || !isRead) {
      const at = Math.min(nextReadAt(run.sentAt, now, place.isAwaited), Math.max(until, now + 1));
      this.#runs.schedule(place, at);
      return;
    }
    this.#runs.remove(run.taskId);
    if (!isWatched) return;
    const seconds = (until - run.sentAt) / 1_000;
    const error = `no outcome within ${seconds} s (maxRuntime)`;
    const lost = { taskId: run.taskId, state: 'LOST', doneAt: null, runtime: null, worker: null };
    this.#emit(place, { ...lost, error });
  }

  #report(outcome: TaskOutcome): void {
    const place = this.#runs.find(outcome.taskId);
    if (!place) return;
    // Runs of an entry with a fixed task id share one result.
    const isEarlier = outcome.doneAt !== null && outcome.doneAt < place.run.sentAt - MAX_SKEW;
    if (isEarlier) return;
    this.#runs.remove(outcome.taskId);
    this.#emit(place, outcome);
  }

  #emit({ run, isWatched }: Place, { state, doneAt, runtime, worker, error }: TaskOutcome): void {
    const { entry, task, taskId, dueAt, sentAt } = run;
    const event: OutcomeEvent = {
      ...{ entry, dueAt, taskId, task, sentAt, state, doneAt },
      ...{ runtimeMs: runtime, worker, error },
    };
    if (isWatched) this.#end(entry, taskId);
    this.#history?.add(event, this.#options.clock.now());
    this.#options.events.emit('outcome', event);
  }

  #dropUnreadable(taskId: string, reason: string): void {
    const place = this.#runs.find(taskId);
    if (!place) return;
    if (!place.isWatched) this.#runs.remove(taskId);
    const text = `result of entry "${place.run.entry}", task ${taskId}, cannot be read: ${reason}`;
    this.#options.events.reportFailure(READ_OUTCOMES, new StoreError(text));
  }

  #end(entry: string, taskId: string): true {
    this.#ended.add(entry, taskId);
    this.#changed();
    return true;
  }
}

/** Whether workers will store a result under the id of the run; a group has one for each of its tasks. */
function asksForResult({ taskId, messages }: SentEvent): boolean {
  const [first] = messages;
  const headers = first?.about ?? first?.headers ?? {};
  return headers['ignore_result'] !== true && headers['group'] !== taskId;
}

/** Why the relay, or a commit, gives up messages that were planned. */
const NOT_PUBLISHED: ReadonlySet<SkippedEvent['reason']> = new Set([
  ...(['coalesced', 'missed', 'deadline', 'catch-up-limit', 'expired', 'no-subscribers'] as const),
]);
