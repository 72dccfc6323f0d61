import type { Events } from '../../contracts/events/events.ts';
import type { TaskOutcome } from '../../celery/message/task-outcome.ts';
import type { History, ReadRow, RunRow } from '../../contracts/store/history.ts';
import type { Clock } from '../../util/clock.ts';
import type { FollowedRun } from './followed-runs.ts';
import { PendingRows } from './pending-rows.ts';

export interface OutcomeReportsOptions {
  /** Absent where no history is retained: outcomes are emitted as events only. */
  readonly history?: History | undefined;
  readonly clock: Clock;
  readonly events: Events;
}

/** How long an outcome waits for others, so that one call appends many. Milliseconds. */
const FLUSH_WITHIN = 250;
/** Before rows that could not be appended are tried again. Milliseconds. */
const RETRY_AFTER = 5_000;
/** How many rows of an entry are read to find the runs without an outcome. */
const RECENT = 50;

/** Emits outcomes and appends them to the history, and finds the runs in it that have none. */
export class OutcomeReports {
  readonly #options: OutcomeReportsOptions;
  readonly #rows: PendingRows | null;
  #flushAt = Infinity;

  constructor(options: OutcomeReportsOptions) {
    this.#options = options;
    const { history, events } = options;
    this.#rows = history ? new PendingRows(history, events) : null;
  }

  /** When to flush. Epoch milliseconds, `Infinity` for nothing to append. */
  get flushAt(): number {
    return this.#flushAt;
  }

  /** In the history, the present replaces an end that is unknown. */
  add(run: FollowedRun, { state, doneAt, runtime, worker, error }: TaskOutcome): void {
    const { clock, events } = this.#options;
    const { entry, task, taskId, dueAt, sentAt } = run;
    const row = { kind: 'outcome', taskId, dueAt, state, doneAt: doneAt ?? clock.now() } as const;
    if (this.#rows) {
      this.#rows.add({ entry, row: { ...row, runtime, worker, error } });
      this.#flushAt = Math.min(this.#flushAt, clock.now() + FLUSH_WITHIN);
    }
    events.emit('outcome', {
      ...{ entry, dueAt, taskId, task, sentAt, state, doneAt },
      ...{ runtimeMs: runtime, worker, error },
    });
  }

  /** Appends what was added. Never rejects; rows that could not be appended are tried again later. */
  async flush(): Promise<void> {
    this.#flushAt = Infinity;
    if (!this.#rows) return;
    await this.#rows.flush();
    if (this.#rows.size > 0) {
      this.#flushAt = Math.min(this.#flushAt, this.#options.clock.now() + RETRY_AFTER);
    }
  }

  /** The newest runs of an entry that have no outcome and were not withdrawn. Rejects with a `StoreError`. */
  async findOpen(entry: string): Promise<readonly RunRow[]> {
    const { rows = [] } = (await this.#options.history?.read(entry, { limit: RECENT })) ?? {};
    const closed = new Set(
      rows.flatMap((row) =>
        row.kind === 'skip' || row.kind === 'outcome' ? (row.taskId ?? []) : [],
      ),
    );
    return rows.filter(isRun).filter(({ taskId }) => !closed.has(taskId));
  }
}

function isRun(row: ReadRow): row is RunRow {
  return row.kind === 'run';
}
