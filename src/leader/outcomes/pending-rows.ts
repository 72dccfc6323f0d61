import type { Events } from '../../contracts/events/events.ts';
import type { EntryRow, History } from '../../contracts/store/history.ts';
import type { Clock } from '../../util/clock.ts';

const BATCH = 1_000;
/** Most rows that wait for a history that cannot be written; more are dropped, the oldest first. */
const MAX_PENDING = 20_000;
/** Most rows of an entry that commits may have appended since a failed call. */
const APPENDED_SINCE = 50;
/** How long a row waits for others, so that one call appends many. Milliseconds. */
const FLUSH_WITHIN = 250;
/** The pause before a failed append is retried. Milliseconds. */
const RETRY_AFTER = 5_000;

const OPERATION = { kind: 'append-outcomes' } as const;

/** Rows that belong to no commit, and wait to be appended to the history. */
export class PendingRows {
  readonly #history: History;
  readonly #clock: Clock;
  readonly #events: Events;
  #rows: EntryRow[] = [];
  /** Rows of a failed call. The history may have them, if only the answer was lost. */
  #unsure = new Set<EntryRow>();
  #flushing: Promise<void> | null = null;
  /** When to flush. Epoch milliseconds, `Infinity` for nothing to append. */
  flushAt = Infinity;

  constructor(history: History, clock: Clock, events: Events) {
    this.#history = history;
    this.#clock = clock;
    this.#events = events;
  }

  add(...rows: readonly EntryRow[]): void {
    this.#rows.push(...rows);
    if (this.#rows.length > MAX_PENDING) this.#rows = this.#rows.slice(-MAX_PENDING);
    this.flushAt = Math.min(this.flushAt, this.#clock.now() + FLUSH_WITHIN);
  }

  /** Appends the pending rows. Never rejects: rows that could not be appended are retried at the next call. */
  flush(): Promise<void> {
    this.#flushing ??= this.#append().finally(() => (this.#flushing = null));
    return this.#flushing;
  }

  async #append(): Promise<void> {
    this.flushAt = Infinity;
    while (this.#rows.length > 0) {
      const rows = this.#rows.slice(0, BATCH);
      try {
        await this.#history.append(await this.#withoutAppended(rows));
        this.#events.reportRecovery(OPERATION);
      } catch (error) {
        this.#unsure = new Set(rows);
        this.flushAt = Math.min(this.flushAt, this.#clock.now() + RETRY_AFTER);
        this.#events.reportFailure(OPERATION, error);
        return;
      }
      this.#unsure.clear();
      const appended = new Set(rows);
      this.#rows = this.#rows.filter((row) => !appended.has(row));
    }
  }

  /** Leaves out rows that a failed call has appended, so that no outcome is counted twice. */
  async #withoutAppended(rows: readonly EntryRow[]): Promise<readonly EntryRow[]> {
    const unsure = rows.filter((row) => this.#unsure.has(row));
    if (unsure.length === 0) return rows;
    const byEntry = Map.groupBy(unsure, ({ entry }) => entry);
    const most = Math.max(...[...byEntry.values()].map(({ length }) => length));
    const found = await this.#history.latest([...byEntry.keys()], most + APPENDED_SINCE);
    const texts = new Map([...found].map(([entry, own]) => [entry, new Set(own.map((row) => JSON.stringify(row)))]));
    return rows.filter((each) => !this.#unsure.has(each) || !texts.get(each.entry)!.has(JSON.stringify(each.row)));
  }
}

/**
 * Appends a row to the history for each run whose exchange had no subscribers at its commit. Failed appends are retried
 * after each tick. (The rows of other withdrawn runs are appended when their messages leave the outbox.)
 */
export function recordWithdrawn(events: Events, history: History, clock: Clock): PendingRows {
  const rows = new PendingRows(history, clock, events);
  events.on('skipped', ({ entry, reason, withdrawn = [] }) => {
    if (reason !== 'no-subscribers') return;
    const at = clock.now();
    for (const { taskId, dueAt, term } of withdrawn) {
      const occurrence = { first: dueAt, last: dueAt, count: 1 };
      rows.add({ entry, row: { kind: 'skip', ...occurrence, reason, at, term, taskId } });
    }
    void rows.flush();
  });
  events.on('tick', () => rows.flush());
  return rows;
}
