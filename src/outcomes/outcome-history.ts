import type { OutcomeEvent } from '../events/beat-events.ts';
import type { Events } from '../events/events.ts';
import type { History, HistoryRow, RunRow } from '../store/history.ts';
import { PendingRows } from './pending-rows.ts';

/** How many rows of an entry are read to find the runs without an outcome. */
const RECENT = 50;

/** Appends outcomes to the history, and finds the runs in it that have none. */
export class OutcomeHistory {
  readonly #history: History;
  readonly #rows: PendingRows;

  constructor(history: History, events: Events) {
    this.#history = history;
    this.#rows = new PendingRows(history, events);
  }

  /** `now` (epoch milliseconds) replaces an end that is unknown. */
  add({ entry, runtimeMs: runtime, doneAt, ...event }: OutcomeEvent, now: number): void {
    const { taskId, dueAt, state, worker, error } = event;
    const row = { kind: 'outcome', taskId, dueAt, state, doneAt: doneAt ?? now } as const;
    this.#rows.add({ entry, row: { ...row, runtime, worker, error } });
  }

  /** Appends what was added. Never rejects; rows that could not be appended are tried again at the next call. */
  flush(): Promise<void> {
    return this.#rows.flush();
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
