import type { Events } from '../../contracts/events/events.ts';
import type { EntryRow, History } from '../../contracts/store/history.ts';

/** Rows that one call appends. */
const BATCH = 1_000;
/** Most rows that wait for a history that cannot be written; more are dropped, the oldest first. */
const MAX_PENDING = 20_000;

/** Rows of an entry that commits may have appended since. */
const APPENDED_SINCE = 50;

const OPERATION = { kind: 'append-outcomes' } as const;

/** Rows that belong to no commit, and wait to be appended to the history. */
export class PendingRows {
  readonly #history: History;
  readonly #events: Events;
  #rows: EntryRow[] = [];
  /** Rows of a call that failed. The history may have them: the answer was lost, not the call. */
  #unsure = new Set<EntryRow>();
  #flushing: Promise<void> | null = null;

  constructor(history: History, events: Events) {
    this.#history = history;
    this.#events = events;
  }

  /** How many wait. */
  get size(): number {
    return this.#rows.length;
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
        await this.#history.append(await this.#withoutAppended(rows));
        this.#events.reportRecovery(OPERATION);
      } catch (error) {
        this.#unsure = new Set(rows);
        this.#events.reportFailure(OPERATION, error);
        return;
      }
      this.#unsure.clear();
      const appended = new Set(rows);
      this.#rows = this.#rows.filter((row) => !appended.has(row));
    }
  }

  /** Leaves out what a call that failed has appended, so that no outcome is counted twice. */
  async #withoutAppended(rows: readonly EntryRow[]): Promise<readonly EntryRow[]> {
    const unsure = rows.filter((row) => this.#unsure.has(row));
    if (unsure.length === 0) return rows;
    const byEntry = Map.groupBy(unsure, ({ entry }) => entry);
    const most = Math.max(...[...byEntry.values()].map(({ length }) => length));
    const found = await this.#history.latest([...byEntry.keys()], most + APPENDED_SINCE);
    const texts = new Map(
      [...found].map(([entry, own]) => [entry, new Set(own.map((row) => JSON.stringify(row)))]),
    );
    return rows.filter(
      (each) => !this.#unsure.has(each) || !texts.get(each.entry)!.has(JSON.stringify(each.row)),
    );
  }
}
