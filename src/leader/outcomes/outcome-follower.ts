import type { Entry } from '../../entries/catalog/entry.ts';
import type { SkippedEvent } from '../../contracts/events/beat-events.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { TaskEvent, TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { History, RunRow } from '../../contracts/store/history.ts';
import type { Outcomes, ResultReader } from '../../contracts/store/results.ts';
import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import { waitAtMost } from '../../util/wait.ts';
import { StoreError } from '../../util/errors.ts';
import {
  addDetails,
  advance,
  FollowedRuns,
  isBefore,
  nextReadAt,
  readAfterEnd,
  toOutcome,
  type FollowedRun,
  type PublishedRun,
  type TaskProgress,
} from './followed-runs.ts';
import { isKnown, sourceOfEntry, sourceOfRun, type OutcomeSource } from '../../entries/catalog/outcome-source.ts';
import { PendingRows } from './pending-rows.ts';
import type { TaskEvents } from './task-events.ts';
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

/** How long a run is followed if its entry does not wait for the outcome. Milliseconds. */
const FOLLOW_FOR = 24 * 3_600_000;
const BATCH = 500;
/** The longest pause between two checks for runs to read. Milliseconds. */
const MAX_PAUSE = 30_000;
/** How often a result that cannot be decoded is read. */
const MAX_UNDECODED = 2;
/** How long an outcome without a runtime waits for the event that has it. Milliseconds. */
const DETAILS_WITHIN = 2_000;
/** How many rows of an entry are read to find the runs without an outcome. */
const RECENT = 50;
/** The pause after a read that failed, milliseconds: doubled each time, to the longest. */
const FIRST_RETRY = 1_000;
const MAX_RETRY = 30_000;

type RunId = Pick<RunRow, 'taskId' | 'dueAt'>;

const READ_OUTCOMES = { kind: 'read-outcomes' } as const;

/**
 * Follows the runs that this instance publishes until their outcomes are known, and emits an event for each. The
 * outcome is the result or the event of the end, whichever is known first; only the event has the runtime. A run of an
 * entry that limits overlap ends with its result. A service of the leader.
 */
export class OutcomeFollower {
  readonly #options: OutcomeFollowerOptions;
  readonly #runs = new FollowedRuns();
  readonly #rows: PendingRows | null;
  readonly #added = new Condition();
  #failures = 0;
  /** What the scheduler asks about the runs of entries that limit overlap. */
  readonly watched: WatchedRuns;

  constructor(options: OutcomeFollowerOptions) {
    this.#options = options;
    const { clock, events, history } = options;
    this.#rows = history ? new PendingRows(history, clock, events) : null;
    this.watched = new WatchedRuns(this.#runs, clock, this.#added);
    events.on('sent', (run) => this.#follow(run, sourceOfRun(run)));
    events.on('skipped', (skip) => this.#forget(skip));
  }

  /**
   * Runs until the signal aborts. Also follows the previous leader's open runs of the entries that `publishedSince`
   * returns for an instant (epoch milliseconds). Never rejects.
   */
  async run(signal: AbortSignal, publishedSince: (instant: number) => readonly Entry[]): Promise<void> {
    const { clock, taskEvents } = this.#options;
    void this.#resume(publishedSince(clock.now() - FOLLOW_FOR), signal);
    void taskEvents?.run((event) => this.#receive(event), signal);
    while (!signal.aborted) {
      await this.#read(signal);
      if (this.#flushAt <= clock.now()) await this.#rows?.flush();
      const wakeAt = Math.min(Math.max(this.#runs.wakeAt, this.#runs.retryAt), this.#flushAt);
      const pause = Math.min(wakeAt - clock.now(), MAX_PAUSE);
      await waitAtMost(clock, pause, signal, (either) => this.#added.wait(either));
    }
    for (const followed of [...this.#runs]) {
      if (followed.outcome) this.#report(followed, followed.outcome);
    }
    await this.#rows?.flush();
  }

  get #flushAt(): number {
    return this.#rows?.flushAt ?? Infinity;
  }

  async #resume(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    try {
      for (const entry of entries) {
        const source = sourceOfEntry(entry);
        if (!this.#canFollow(source)) continue;
        const { open, ends } = await this.#readRecent(entry.name);
        if (signal.aborted) return;
        const since = clock.now() - FOLLOW_FOR;
        for (const run of open) {
          if (run.sentAt > since) this.#follow({ ...run, entry: entry.name }, source);
        }
        for (const run of ends) this.#stopFollowing(run);
      }
    } catch (error) {
      events.reportFailure(READ_OUTCOMES, error);
    }
  }

  /**
   * The newest runs of an entry that have no outcome and were not withdrawn, and the ends of the others. Rejects with a
   * `StoreError`.
   */
  async #readRecent(entry: string): Promise<{ readonly open: readonly RunRow[]; readonly ends: readonly RunId[] }> {
    const { rows = [] } = (await this.#options.history?.read(entry, { limit: RECENT })) ?? {};
    const ends = rows.flatMap((row): readonly RunId[] => {
      if (row.kind === 'outcome') return [row];
      return row.kind === 'skip' && row.taskId !== undefined ? [{ taskId: row.taskId, dueAt: row.first }] : [];
    });
    const ended = new Set(ends.map(({ taskId }) => taskId));
    return { open: rows.filter((row) => row.kind === 'run').filter(({ taskId }) => !ended.has(taskId)), ends };
  }

  #canFollow(source: OutcomeSource): boolean {
    const { reader, taskEvents } = this.#options;
    return isKnown(source, { results: reader !== null, events: Boolean(taskEvents) });
  }

  #follow({ entry, task, taskId, dueAt, sentAt }: PublishedRun, source: OutcomeSource): void {
    if (!this.#canFollow(source)) return;
    const { reader, taskEvents, clock } = this.#options;
    const hasResult = reader !== null && source === 'result';
    const run = { entry, task, taskId, dueAt, sentAt };
    // A run of an entry that limits overlap is watched already.
    const followed =
      this.#runs.find(taskId) ?? this.#runs.add(run, clock.now(), { until: sentAt + FOLLOW_FOR, hasResult });
    const progress = taskEvents?.take(taskId);
    if (progress) this.#advance(followed, progress);
    this.#added.notifyAll();
  }

  /**
   * Stops following runs whose messages will not be published: they have no outcome. Other published runs have the
   * instants of skipped occurrences, too: those of a backfill.
   */
  #forget({ withdrawn = [] }: SkippedEvent): void {
    for (const run of withdrawn) this.#stopFollowing(run);
  }

  /** Runs of an entry with a fixed task id differ in their instants. */
  #stopFollowing({ taskId, dueAt }: RunId): void {
    const followed = this.#runs.find(taskId);
    if (followed?.run.dueAt !== dueAt) return;
    this.#runs.remove(taskId);
    this.watched.end(followed);
  }

  /** Processes an event. Returns whether its run is followed. */
  #receive(event: TaskEvent): boolean {
    const followed = this.#runs.find(event.taskId);
    if (!followed) return false;
    this.#advance(followed, advance(followed.progress, event));
    return true;
  }

  #advance(followed: FollowedRun, progress: TaskProgress): void {
    const { end } = progress;
    // Runs of an entry with a fixed task id share their events.
    if (end && isBefore(followed.run, end.at)) return;
    const now = this.#options.clock.now();
    Object.assign(followed, { progress, endSeenAt: end && now });
    if (!end) return;
    if (followed.outcome) this.#report(followed, followed.outcome);
    else if (!followed.isWatched || !followed.hasResult) this.#report(followed, toOutcome(end, progress));
    else if (followed.readAt !== Infinity) {
      this.#runs.schedule(followed, readAfterEnd(now));
      this.#added.notifyAll();
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (clock.now() < this.#runs.retryAt) return;
    for (;;) {
      const now = clock.now();
      const due = this.#runs.take(now, BATCH);
      if (due.length === 0) return;
      for (const followed of due) {
        if (!followed.outcome) continue;
        this.#options.taskEvents?.miss();
        this.#report(followed, followed.outcome);
      }
      const unread = due.filter(({ hasResult, outcome }) => hasResult && !outcome);
      const isRead = unread.length === 0 || (await this.#readBatch(unread, signal));
      if (signal.aborted) return;
      for (const followed of due) this.#settle(followed, now, isRead);
      this.watched.notify(due);
      if (!isRead) return;
    }
  }

  /** Returns whether the backend answered. */
  async #readBatch(due: readonly FollowedRun[], signal: AbortSignal): Promise<boolean> {
    const { reader, clock, events } = this.#options;
    if (!reader) return false;
    let outcomes: Outcomes;
    try {
      outcomes = await reader.read(due.map(({ run }) => run.taskId));
    } catch (error) {
      if (signal.aborted) return false;
      this.#runs.retryAt = clock.now() + Math.min(FIRST_RETRY * 2 ** this.#failures, MAX_RETRY);
      this.#failures += 1;
      events.reportFailure(READ_OUTCOMES, error);
      return false;
    }
    if (signal.aborted) return false;
    this.#failures = 0;
    for (const outcome of outcomes.ended) this.#take(outcome);
    for (const [taskId, reason] of outcomes.unreadable) this.#countUndecoded(taskId, reason);
    events.reportRecovery(READ_OUTCOMES);
    return true;
  }

  /** Reports an outcome that was read, or holds it until the event with the runtime arrives. */
  #take(outcome: TaskOutcome): void {
    const followed = this.#runs.find(outcome.taskId);
    if (!followed || (outcome.doneAt !== null && isBefore(followed.run, outcome.doneAt))) return;
    this.#options.events.reportRecovery({ kind: 'read-result', entry: followed.run.entry });
    this.watched.end(followed);
    const isComplete = outcome.runtimeMs !== null || followed.endSeenAt !== null;
    if (isComplete || !this.#options.taskEvents?.isConnected) {
      this.#report(followed, outcome);
      return;
    }
    followed.outcome = outcome;
    this.#runs.schedule(followed, this.#options.clock.now() + DETAILS_WITHIN);
  }

  /**
   * Handles a run after a read that began at `now`: schedules the next read, reports the run, or stops following it.
   */
  #settle(followed: FollowedRun, now: number, isRead: boolean): void {
    const { run, until, isWatched, endSeenAt } = followed;
    if (this.#runs.find(run.taskId) !== followed || followed.outcome) return;
    followed.checkedAt = now;
    if (now < until || !isRead) {
      const next = followed.hasResult ? nextReadAt(endSeenAt ?? run.sentAt, now, followed.isAwaited) : until;
      this.#runs.schedule(followed, Math.min(next, until));
    } else {
      this.#runs.remove(run.taskId);
      const { end } = followed.progress ?? {};
      if (isWatched) this.#report(followed, end ? toOutcome(end, followed.progress!) : lost(followed));
    }
  }

  /**
   * Reports the outcome of a run and stops following it. If the time of the end is unknown, the history has the current
   * time.
   */
  #report(followed: FollowedRun, outcome: TaskOutcome): void {
    const { clock, events } = this.#options;
    const { entry, task, taskId, dueAt, sentAt } = followed.run;
    this.#runs.remove(taskId);
    this.watched.end(followed);
    const { state, doneAt, runtimeMs, worker, error } = addDetails(outcome, followed.progress);
    if (this.#rows) {
      const isFirst = this.#flushAt === Infinity;
      const end = { state, doneAt: doneAt ?? clock.now(), runtimeMs, worker, error };
      this.#rows.add({ entry, row: { kind: 'outcome', taskId, dueAt, ...end } });
      if (isFirst) this.#added.notifyAll();
    }
    events.emit('outcome', { entry, dueAt, taskId, task, sentAt, state, doneAt, runtimeMs, worker, error });
  }

  /**
   * Gives up a result that could not be decoded twice. The task may still run, so that only the event of its end, or the
   * end of `maxRuntime`, ends a run of an entry that limits overlap.
   */
  #countUndecoded(taskId: string, reason: string): void {
    const followed = this.#runs.find(taskId);
    if (!followed) return;
    followed.undecoded += 1;
    if (followed.undecoded < MAX_UNDECODED) return;
    followed.hasResult = false;
    const { entry } = followed.run;
    const error = new StoreError(`result of task ${taskId}: ${reason}`);
    this.#options.events.reportFailure({ kind: 'read-result', entry }, error);
    const { progress } = followed;
    if (progress?.end) this.#report(followed, toOutcome(progress.end, progress));
    else if (!followed.isWatched && !this.#options.taskEvents) this.#runs.remove(taskId);
  }
}

/** The outcome of a run that had none until following ended. */
function lost({ run: { taskId, sentAt }, until }: FollowedRun): TaskOutcome {
  const error = `no outcome within ${(until - sentAt) / 1_000} s (maxRuntime)`;
  return { taskId, state: 'LOST', doneAt: null, runtimeMs: null, worker: null, error };
}
