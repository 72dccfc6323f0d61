import TinyQueue from 'tinyqueue';
import type { Ended, TaskEvent, TaskOutcome } from '../../celery/message/task-outcome.ts';

/** A published run. Instants are epoch milliseconds. */
export interface PublishedRun {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  readonly dueAt: number;
  readonly sentAt: number;
}

/** What the events of workers say about a task. */
export interface TaskProgress {
  /** When it began for the last time, by the clock of its worker, epoch milliseconds; `null` if unknown. */
  readonly startedAt: number | null;
  /** The worker of the newest event. */
  readonly worker: string;
  /** How it ended; `null` before. */
  readonly end: Ended | null;
}

/** A run whose outcome is not known yet. Instants are epoch milliseconds. */
export class FollowedRun {
  readonly run: PublishedRun;
  until: number;
  /** Whether the result backend may have its outcome; otherwise only the events of workers have it. */
  hasResult: boolean;
  /** Whether its entry waits for its end. Such a run is never dropped in favour of others. */
  isWatched: boolean;
  /** Whether an occurrence waits for its end, so that it is read often. */
  isAwaited = false;
  /** How often its result was read and could not be decoded. */
  undecoded = 0;
  /** `null` before the first event. */
  progress: TaskProgress | null = null;
  /** When the event of its end arrived; `null` before. */
  endSeenAt: number | null = null;
  /** The outcome that was read and waits for the event with the runtime; `null` before. */
  outcome: TaskOutcome | null = null;
  /** When the last read of its result began; `-Infinity` before. */
  checkedAt = -Infinity;
  /** When it is read next, or is reported with what is known; `Infinity` while it is being read. */
  readAt = 0;

  constructor(run: PublishedRun, until: number, hasResult: boolean, isWatched: boolean) {
    this.run = run;
    this.until = until;
    this.hasResult = hasResult;
    this.isWatched = isWatched;
  }
}

/** Reads begin at multiples of this, so that one read asks for many runs. Milliseconds. */
const STEP = 250;
/** The same for runs whose end an event has reported. Milliseconds. */
const STEP_AFTER_END = 100;
/** The longest time between two reads of a run, and while an occurrence waits for its end. Milliseconds. */
const MAX_INTERVAL = 30_000;
const MAX_AWAITED_INTERVAL = 2_000;
const MAX_RUNS = 100_000;

/** How much earlier than its run an outcome may be, because the clocks of hosts differ. Milliseconds. */
const MAX_SKEW = 300_000;

/** Whether an outcome of this instant (epoch milliseconds) belongs to an earlier run with the same task id. */
export function isBefore({ sentAt }: PublishedRun, doneAt: number): boolean {
  return doneAt < sentAt - MAX_SKEW;
}

/** When a run is read next after `now`: intervals grow with its age, to a quarter of it. Epoch milliseconds. */
export function nextReadAt(since: number, now: number, isAwaited = false): number {
  const longest = isAwaited ? MAX_AWAITED_INTERVAL : MAX_INTERVAL;
  const interval = Math.min(Math.max((now - since) / 4, STEP), longest);
  return Math.ceil((now + interval) / STEP) * STEP;
}

/** When a run is read after the event of its end, which arrived at `now`. Epoch milliseconds. */
export function readAfterEnd(now: number): number {
  return Math.ceil(now / STEP_AFTER_END) * STEP_AFTER_END;
}

/**
 * Updates the progress of a task by an event. A worker sends its events in order. A task that is retried, or whose
 * message returned to its queue, begins again.
 */
export function advance(progress: TaskProgress | null, event: TaskEvent): TaskProgress {
  const { worker, at } = event;
  if (event.kind === 'started') return { startedAt: at, worker, end: null };
  return { startedAt: progress?.startedAt ?? null, worker, end: event };
}

/** An outcome from the result backend, with the runtime and the worker that only events have. */
export function addDetails(outcome: TaskOutcome, progress: TaskProgress | null): TaskOutcome {
  if (!progress) return outcome;
  const { end, worker } = progress;
  return {
    ...outcome,
    runtimeMs: outcome.runtimeMs ?? end?.runtimeMs ?? elapsed(progress, end?.at ?? outcome.doneAt),
    worker: outcome.worker ?? worker,
  };
}

/** The outcome of a task that has no result, from its events. */
export function toOutcome(end: Ended, progress: TaskProgress): TaskOutcome {
  const { taskId, state, at: doneAt, runtimeMs, worker, error } = end;
  return addDetails({ taskId, state, doneAt, runtimeMs, worker, error }, progress);
}

function elapsed({ startedAt }: TaskProgress, until: number | null): number | null {
  if (startedAt === null || until === null) return null;
  return Math.max(until - startedAt, 0);
}

/** The followed runs, in the order in which they are read. */
export class FollowedRuns {
  /** When the result backend may be read next, because the last read failed. Epoch milliseconds. */
  retryAt = -Infinity;
  readonly #runs = new Map<string, FollowedRun>();
  readonly #heap = new TinyQueue<{ readonly at: number; readonly followed: FollowedRun }>([], (a, b) => a.at - b.at);

  get size(): number {
    return this.#runs.size;
  }

  find(taskId: string): FollowedRun | undefined {
    return this.#runs.get(taskId);
  }

  [Symbol.iterator](): Iterator<FollowedRun> {
    return this.#runs.values();
  }

  /** Follows a run until an instant. If there are too many runs, drops the oldest that no entry waits for. */
  add(
    run: PublishedRun,
    now: number,
    { until, hasResult = true, isWatched = false }: Pick<FollowedRun, 'until'> & Partial<FollowedRun>,
  ): FollowedRun {
    const followed = new FollowedRun(run, until, hasResult, isWatched);
    this.#runs.set(run.taskId, followed);
    this.schedule(followed, hasResult ? nextReadAt(run.sentAt, now) : until);
    if (this.#runs.size > MAX_RUNS) this.#removeOldest();
    return followed;
  }

  schedule(followed: FollowedRun, at: number): void {
    followed.readAt = at;
    this.#heap.push({ at, followed });
  }

  remove(taskId: string): void {
    this.#runs.delete(taskId);
  }

  clear(): void {
    this.#runs.clear();
    this.#heap.data.length = 0;
    this.#heap.length = 0;
  }

  /** Takes the runs that are due for a read at `now` (epoch milliseconds) out of the order, at most `limit`. */
  take(now: number, limit: number): FollowedRun[] {
    const due: FollowedRun[] = [];
    while (due.length < limit && this.wakeAt <= now) {
      due.push(this.#heap.pop()!.followed);
      due.at(-1)!.readAt = Infinity;
    }
    return due;
  }

  /** When the next run is read. Epoch milliseconds; `Infinity` if there is none. */
  get wakeAt(): number {
    for (let top = this.#heap.peek(); top; top = this.#heap.peek()) {
      const { at, followed } = top;
      if (followed.readAt === at && this.#runs.get(followed.run.taskId) === followed) return at;
      this.#heap.pop();
    }
    return Infinity;
  }

  #removeOldest(): void {
    for (const [taskId, { isWatched }] of this.#runs) {
      if (isWatched) continue;
      this.#runs.delete(taskId);
      return;
    }
  }
}
