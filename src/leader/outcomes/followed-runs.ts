import TinyQueue from 'tinyqueue';
import type { TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { TaskProgress } from './task-progress.ts';

/** A published run whose outcome is not known yet. Instants are epoch milliseconds. */
export interface FollowedRun {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  readonly dueAt: number;
  readonly sentAt: number;
}

/** A followed run with what is known of it, and its place in the order of reads. */
export interface Place {
  readonly run: FollowedRun;
  /** Whether the result backend may have its outcome; otherwise only the events of workers have it. */
  hasResult: boolean;
  /** How often its result was read and could not be decoded. */
  undecoded: number;
  /** What the events of workers say; `null` before the first. */
  progress: TaskProgress | null;
  /** When the event of its end arrived. Epoch milliseconds; `null` before. */
  endSeenAt: number | null;
  /** Its outcome as it was read, which waits for the event with its runtime; `null` before. */
  outcome: TaskOutcome | null;
  /** When it is followed no longer. Epoch milliseconds. */
  until: number;
  /** Whether its entry waits for its end: it is never left out in favour of others. */
  isWatched: boolean;
  /** When the last read that asked for it began; `-Infinity` before. Epoch milliseconds. */
  checkedAt: number;
  /** Whether an occurrence waits for its end, so that it is read often. */
  isAwaited: boolean;
  /** When it is read next, or is reported with what is known. Epoch milliseconds. */
  readAt: number;
}

/** How a run is followed. */
export interface Following {
  /** When it is followed no longer. Epoch milliseconds. */
  readonly until: number;
  readonly hasResult?: boolean;
  readonly isWatched?: boolean;
}

/** Reads begin at multiples of this, so that one read asks for many runs. Milliseconds. */
const STEP = 250;
/** The same after the events of their ends. Milliseconds. */
const STEP_AFTER_END = 100;
/** The longest time between two reads of a run. Milliseconds. */
const MAX_INTERVAL = 30_000;
/** The same while an occurrence waits for its end. */
const MAX_AWAITED_INTERVAL = 2_000;
/** Most runs that are followed at once. */
const MAX_RUNS = 100_000;

/** How much earlier than a run an outcome may be, by the clocks of other hosts, and still belong to it. Milliseconds. */
const MAX_SKEW = 300_000;

/** Whether an outcome of this instant (epoch milliseconds) belongs to an earlier run with the same task id. */
export function isBefore({ sentAt }: FollowedRun, doneAt: number): boolean {
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

/** The followed runs, in the order in which they are read. */
export class FollowedRuns {
  readonly #places = new Map<string, Place>();
  readonly #heap = new TinyQueue<{ readonly at: number; readonly place: Place }>(
    [],
    (a, b) => a.at - b.at,
  );

  get size(): number {
    return this.#places.size;
  }

  find(taskId: string): Place | undefined {
    return this.#places.get(taskId);
  }

  [Symbol.iterator](): Iterator<Place> {
    return this.#places.values();
  }

  /** Follows a run until an instant. Of too many, the oldest that no entry waits for is left out. */
  add(
    run: FollowedRun,
    now: number,
    { until, hasResult = true, isWatched = false }: Following,
  ): Place {
    const place: Place = {
      ...{ run, until, hasResult, isWatched, isAwaited: false },
      ...{ undecoded: 0, progress: null, endSeenAt: null, outcome: null },
      ...{ checkedAt: -Infinity, readAt: 0 },
    };
    this.#places.set(run.taskId, place);
    this.schedule(place, hasResult ? nextReadAt(run.sentAt, now) : until);
    if (this.#places.size > MAX_RUNS) this.#removeOldest();
    return place;
  }

  schedule(place: Place, at: number): void {
    place.readAt = at;
    this.#heap.push({ at, place });
  }

  remove(taskId: string): void {
    this.#places.delete(taskId);
  }

  clear(): void {
    this.#places.clear();
    this.#heap.data.length = 0;
    this.#heap.length = 0;
  }

  /** Removes those that are due at `now` (epoch milliseconds) from the order, at most `limit`. */
  take(now: number, limit: number): Place[] {
    const due: Place[] = [];
    while (due.length < limit && this.wakeAt <= now) {
      due.push(this.#heap.pop()!.place);
      due.at(-1)!.readAt = Infinity;
    }
    return due;
  }

  /** When the first is read. Epoch milliseconds, `Infinity` for none. */
  get wakeAt(): number {
    for (let top = this.#heap.peek(); top; top = this.#heap.peek()) {
      const { at, place } = top;
      if (place.readAt === at && this.#places.get(place.run.taskId) === place) return at;
      this.#heap.pop();
    }
    return Infinity;
  }

  #removeOldest(): void {
    for (const [taskId, { isWatched }] of this.#places) {
      if (isWatched) continue;
      this.#places.delete(taskId);
      return;
    }
  }
}
