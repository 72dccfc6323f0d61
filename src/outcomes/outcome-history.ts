import type { OutcomeEvent } from '../events/beat-events.ts';
import type { Events } from '../events/events.ts';
import type { EntryRow, History, HistoryRow, RunRow } from '../store/history.ts';

/** Rows that one call appends. */
const BATCH = 1_000;
/** Most rows that wait for a history that cannot be written; more are dropped, the oldest first. */
const MAX_PENDING = 20_000;
/** How many rows of an entry are read to find the runs without an outcome. */
const RECENT = 50;

const OPERATION = { kind: 'append-outcomes' } as const;

/** Appends outcomes to the history, and finds the runs in it that have none. */
export class OutcomeHistory {
  readonly #history: History;
  readonly #events: Events;
  #pending: EntryRow[] = [];

  constructor(history: History, events: Events) {
    this.#history = history;
    this.#events = events;
  }

  /** `now` (epoch milliseconds) replaces an end that is unknown. */
  add({ entry, runtimeMs: runtime, doneAt, ...event }: OutcomeEvent, now: number): void {
    const { taskId, dueAt, state, worker, error } = event;
    const row = { kind: 'outcome', taskId, dueAt, state, doneAt: doneAt ?? now } as const;
    this.#pending.push({ entry, row: { ...row, runtime, worker, error } });
    if (this.#pending.length > MAX_PENDING) this.#pending.splice(0, BATCH);
  }

  /** Appends what was added. Never rejects; rows that could not be appended are tried again at the next call. */
  async flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const rows = this.#pending.slice(0, BATCH);
      try {
        await this.#history.append(rows);
        this.#events.reportRecovery(OPERATION);
      } catch (error) {
        this.#events.reportFailure(OPERATION, error);
        return;
      }
      this.#pending.splice(0, rows.length);
    }
  }

  /** The newest runs of an entry that have no outcome and were not withdrawn. Rejects with a `StoreError`. */
  async findOpen(entry: string): Promise<readonly RunRow[]> {
    const { rows } = await this.#history.read(entry, { limit: RECENT });
    const closed = new Set(rows.flatMap((row) => (row.kind === 'run' ? [] : (row.taskId ?? []))));
    return rows.filter(isRun).filter(({ taskId }) => !closed.has(taskId));
  }
}

function isRun(row: HistoryRow): row is RunRow {
  return row.kind === 'run';
}
