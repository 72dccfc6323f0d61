import TinyQueue from 'tinyqueue';

/** A published run whose outcome is not known yet. Instants are epoch milliseconds. */
export interface FollowedRun {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  readonly dueAt: number;
  readonly sentAt: number;
}

/** A followed run with its place in the order of reads. */
export interface Place {
  readonly run: FollowedRun;
  /** When it is followed no longer. Epoch milliseconds. */
  until: number;
  /** Whether its entry waits for its end: it is never left out in favour of others. */
  isWatched: boolean;
  /** When the last read that asked for it began; `-Infinity` before. Epoch milliseconds. */
  checkedAt: number;
  /** Whether an occurrence waits for its end, so that it is read often. */
  isAwaited: boolean;
  /** When it is read next. Epoch milliseconds. */
  readAt: number;
}

/** Reads begin at multiples of this, so that one read asks for many runs. Milliseconds. */
const STEP = 250;
/** The longest time between two reads of a run. Milliseconds. */
const MAX_INTERVAL = 30_000;
/** The same while an occurrence waits for its end. */
const MAX_AWAITED_INTERVAL = 2_000;
/** Most runs that are followed at once. */
const MAX_RUNS = 100_000;

/** When a run is read next after `now`: intervals grow with its age, to a quarter of it. Epoch milliseconds. */
export function nextReadAt(sentAt: number, now: number, isAwaited = false): number {
  const longest = isAwaited ? MAX_AWAITED_INTERVAL : MAX_INTERVAL;
  const interval = Math.min(Math.max((now - sentAt) / 4, STEP), longest);
  return Math.ceil((now + interval) / STEP) * STEP;
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
  add(run: FollowedRun, now: number, until: number, isWatched = false): Place {
    const place = { run, until, isWatched, checkedAt: -Infinity, isAwaited: false, readAt: 0 };
    this.#places.set(run.taskId, place);
    this.schedule(place, nextReadAt(run.sentAt, now));
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
