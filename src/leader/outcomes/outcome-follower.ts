import type { Entry } from '../../entries/catalog/entry.ts';
import type { SkippedEvent } from '../../contracts/events/beat-events.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { TaskEvent, TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { History } from '../../contracts/store/history.ts';
import type { ResultReader } from '../../contracts/store/result-reader.ts';
import type { Clock } from '../../util/clock.ts';
import { waitAtMost } from '../../util/wait.ts';
import { Condition } from '../../util/condition.ts';
import { StoreError } from '../../util/errors.ts';
import {
  FollowedRuns,
  isBefore,
  nextReadAt,
  readAfterEnd,
  type FollowedRun,
  type Place,
} from './followed-runs.ts';
import { OutcomeReports } from './outcome-reports.ts';
import {
  isKnown,
  sourceOfEntry,
  sourceOfRun,
  type OutcomeSource,
} from '../../entries/catalog/outcome-source.ts';
import { READ_OUTCOMES, ResultReads } from './result-reads.ts';
import type { TaskEvents } from './task-events.ts';
import { addDetails, advance, toOutcome, type TaskProgress } from './task-progress.ts';
import { WatchedRuns } from './watched-runs.ts';

export interface OutcomeFollowerOptions {
  /** `null` if the result backend cannot be read: only task events have outcomes. */
  readonly reader: ResultReader | null;
  /** `null` unless workers send task events. */
  readonly taskEvents?: TaskEvents | null;
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
/** How often a result is read that cannot be decoded. */
const MAX_UNDECODED = 2;
/** How long an outcome without a runtime waits for the event that has it. Milliseconds. */
const DETAILS_WITHIN = 2_000;

/**
 * Follows the runs that this instance publishes until their outcomes are known, and emits an event for each. The outcome is
 * what is known first: the result, or the event of the end, which alone has the runtime. A run of an entry that limits
 * overlap ends with its result. A service of the leader.
 */
export class OutcomeFollower {
  readonly #options: OutcomeFollowerOptions;
  readonly #runs = new FollowedRuns();
  readonly #reports: OutcomeReports;
  readonly #added = new Condition();
  readonly #results: ResultReads | null;
  /** What the scheduler asks about the runs of entries that limit overlap. */
  readonly watched: WatchedRuns;

  constructor(options: OutcomeFollowerOptions) {
    this.#options = options;
    const { reader, clock, events, history } = options;
    this.#results = reader && new ResultReads({ reader, clock, events });
    this.#reports = new OutcomeReports({ history, clock, events });
    this.watched = new WatchedRuns({
      ...{ runs: this.#runs, clock },
      wake: () => this.#added.notifyAll(),
      retryAt: () => this.#retryAt,
    });
    events.on('sent', (run) => this.#follow(run, sourceOfRun(run)));
    events.on('skipped', (skip) => this.#forget(skip));
  }

  /**
   * Runs during a term, until the signal aborts. It also follows the runs of these entries that the leader before has left
   * without an outcome in the history. Never rejects.
   */
  async run(signal: AbortSignal, entries: readonly Entry[] = []): Promise<void> {
    const { clock, taskEvents } = this.#options;
    void this.#resume(entries, signal);
    void taskEvents?.run((event) => this.#receive(event), signal);
    while (!signal.aborted) {
      await this.#read(signal);
      if (this.#reports.flushAt <= clock.now()) await this.#reports.flush();
      const readAt = Math.max(this.#runs.wakeAt, this.#retryAt);
      const wakeAt = Math.min(readAt, this.#reports.flushAt);
      const pause = Math.min(wakeAt - clock.now(), MAX_PAUSE);
      await waitAtMost(clock, pause, signal, (either) => this.#added.wait(either));
    }
    for (const place of [...this.#runs]) {
      if (place.outcome) this.#report(place, place.outcome);
    }
    await this.#reports.flush();
  }

  get #retryAt(): number {
    return this.#results?.retryAt ?? -Infinity;
  }

  async #resume(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    try {
      for (const entry of entries) {
        const source = sourceOfEntry(entry);
        if (!this.#canFollow(source)) continue;
        const open = await this.#reports.findOpen(entry.name);
        if (signal.aborted) return;
        const since = clock.now() - FOLLOW_FOR;
        for (const run of open) {
          if (run.sentAt > since) this.#follow({ ...run, entry: entry.name }, source);
        }
      }
    } catch (error) {
      events.reportFailure(READ_OUTCOMES, error);
    }
  }

  #canFollow(source: OutcomeSource): boolean {
    const { reader, taskEvents } = this.#options;
    return isKnown(source, { results: reader !== null, events: Boolean(taskEvents) });
  }

  #follow({ entry, task, taskId, dueAt, sentAt }: FollowedRun, source: OutcomeSource): void {
    if (!this.#canFollow(source)) return;
    const { reader, taskEvents, clock } = this.#options;
    const hasResult = reader !== null && source === 'result';
    const run = { entry, task, taskId, dueAt, sentAt };
    // A run of an entry that limits overlap is watched already.
    const place =
      this.#runs.find(taskId) ??
      this.#runs.add(run, clock.now(), { until: sentAt + FOLLOW_FOR, hasResult });
    const progress = taskEvents?.take(taskId);
    if (progress) this.#advance(place, progress);
    this.#added.notifyAll();
  }

  /** Runs whose messages were in the outbox and are not published any more will have no outcome. */
  #forget({ entry, reason, first, last }: SkippedEvent): void {
    if (!NOT_PUBLISHED.has(reason)) return;
    for (const place of [...this.#runs]) {
      const { run } = place;
      if (run.entry !== entry || run.dueAt < first || run.dueAt > last) continue;
      this.#runs.remove(run.taskId);
      this.watched.end(place);
    }
  }

  /** Returns whether the event is of a run that is followed. */
  #receive(event: TaskEvent): boolean {
    const place = this.#runs.find(event.taskId);
    if (!place) return false;
    this.#advance(place, advance(place.progress, event));
    return true;
  }

  #advance(place: Place, progress: TaskProgress): void {
    const { end } = progress;
    // Runs of an entry with a fixed task id share their events.
    if (end && isBefore(place.run, end.at)) return;
    const now = this.#options.clock.now();
    Object.assign(place, { progress, endSeenAt: end && now });
    if (!end) return;
    if (place.outcome) this.#report(place, place.outcome);
    else if (!place.isWatched || !place.hasResult) this.#report(place, toOutcome(end, progress));
    else if (place.readAt !== Infinity) {
      this.#runs.schedule(place, readAfterEnd(now));
      this.#added.notifyAll();
    }
  }

  /** Reads all runs that are due, in batches. */
  async #read(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (clock.now() < this.#retryAt) return;
    for (;;) {
      const now = clock.now();
      const due = this.#runs.take(now, BATCH);
      if (due.length === 0) return;
      for (const place of due) {
        if (!place.outcome) continue;
        this.#options.taskEvents?.miss();
        this.#report(place, place.outcome);
      }
      const unread = due.filter(({ hasResult, outcome }) => hasResult && !outcome);
      const isRead = unread.length === 0 || (await this.#readBatch(unread, signal));
      if (signal.aborted) return;
      for (const place of due) this.#settle(place, now, isRead);
      this.watched.notify(due);
      if (!isRead) return;
    }
  }

  /** Returns whether the backend answered. */
  async #readBatch(due: readonly Place[], signal: AbortSignal): Promise<boolean> {
    const taskIds = due.map(({ run }) => run.taskId);
    const outcomes = (await this.#results?.read(taskIds, signal)) ?? null;
    if (outcomes === null) return false;
    for (const outcome of outcomes.ended) this.#take(outcome);
    for (const [taskId, reason] of outcomes.unreadable) this.#countUndecoded(taskId, reason);
    this.#options.events.reportRecovery(READ_OUTCOMES);
    return true;
  }

  /** Takes an outcome that was read: reports it, or has it wait for the event with the runtime. */
  #take(outcome: TaskOutcome): void {
    const place = this.#runs.find(outcome.taskId);
    if (!place || (outcome.doneAt !== null && isBefore(place.run, outcome.doneAt))) return;
    this.#options.events.reportRecovery({ kind: 'read-result', entry: place.run.entry });
    this.watched.end(place);
    const isComplete = outcome.runtime !== null || place.endSeenAt !== null;
    if (isComplete || !this.#options.taskEvents?.isConnected) {
      this.#report(place, outcome);
      return;
    }
    place.outcome = outcome;
    this.#runs.schedule(place, this.#options.clock.now() + DETAILS_WITHIN);
  }

  /** What follows a read that began at `now`: the next one, a report, or the end of following. */
  #settle(place: Place, now: number, isRead: boolean): void {
    const { run, until, isWatched, endSeenAt } = place;
    if (this.#runs.find(run.taskId) !== place || place.outcome) return;
    place.checkedAt = now;
    if (now < until || !isRead) {
      const since = endSeenAt ?? run.sentAt;
      const next = place.hasResult ? nextReadAt(since, now, place.isAwaited) : until;
      this.#runs.schedule(place, Math.min(next, Math.max(until, now + 1)));
    } else {
      this.#runs.remove(run.taskId);
      const { end } = place.progress ?? {};
      if (isWatched) this.#report(place, end ? toOutcome(end, place.progress!) : lost(place));
    }
  }

  /** Reports the outcome of a run, which is not followed any more. */
  #report(place: Place, outcome: TaskOutcome): void {
    this.#runs.remove(place.run.taskId);
    this.watched.end(place);
    const isFirst = this.#reports.flushAt === Infinity;
    this.#reports.add(place.run, addDetails(outcome, place.progress));
    if (isFirst) this.#added.notifyAll();
  }

  /**
   * Gives up a result that could not be decoded twice. The task may still run, so that only the event of its end, or the
   * end of `maxRuntime`, ends a run of an entry that limits overlap.
   */
  #countUndecoded(taskId: string, reason: string): void {
    const place = this.#runs.find(taskId);
    if (!place) return;
    place.undecoded += 1;
    if (place.undecoded < MAX_UNDECODED) return;
    place.hasResult = false;
    const { entry } = place.run;
    const error = new StoreError(`result of task ${taskId}: ${reason}`);
    this.#options.events.reportFailure({ kind: 'read-result', entry }, error);
    const { progress } = place;
    if (progress?.end) this.#report(place, toOutcome(progress.end, progress));
    else if (!place.isWatched && !this.#options.taskEvents) this.#runs.remove(taskId);
  }
}

/** The outcome of a run that has none when it is followed no longer. */
function lost({ run: { taskId, sentAt }, until }: Place): TaskOutcome {
  const error = `no outcome within ${(until - sentAt) / 1_000} s (maxRuntime)`;
  return { taskId, state: 'LOST', doneAt: null, runtime: null, worker: null, error };
}

/** Why the relay, or a commit, gives up messages that were planned. */
const NOT_PUBLISHED: ReadonlySet<SkippedEvent['reason']> = new Set([
  ...(['coalesced', 'missed', 'deadline', 'catch-up-limit', 'expired', 'no-subscribers'] as const),
]);
