import type { Events } from '../events/events.ts';
import type { EntryRow, History } from '../store/history.ts';

/** Rows that one call appends. */
const BATCH = 1_000;
/** Most rows that wait for a history that cannot be written; more are dropped, the oldest first. */
const MAX_PENDING = 20_000;

const OPERATION = { kind: 'append-outcomes' } as const;

/** Rows that belong to no commit, and wait to be appended to the history. */
export class PendingRows {
  readonly #history: History;
  readonly #events: Events;
  #rows: EntryRow[] = [];
  #flushing: Promise<void> | null = null;

  constructor(history: History, events: Events) {
    this.#history = history;
    this.#events = events;
  }

  add(...rows: readonly EntryRow[]): void {
    this.#rows.push(...rows);
    if (this.#rows.length > MAX_PENDING) this.#rows = this.#rows.slice(-MAX_PENDING);
  }

  /** Appends what was added. Never rejects; rows that could not be appended are tried again at the next call. */
  flush(): Promise<void> {
    this.#flushing ??= this.#append().finally(() => (this.#flushing = null));
    return this.#flushing;
  }

  async #append(): Promise<void> {
    while (this.#rows.length > 0) {
      const rows = this.#rows.slice(0, BATCH);
      try {
        await this.#history.append(rows);
        this.#events.reportRecovery(OPERATION);
      } catch (error) {
        this.#events.reportFailure(OPERATION, error);
        return;
      }
      const appended = new Set(rows);
      this.#rows = this.#rows.filter((row) => !appended.has(row));
    }
  }
}
