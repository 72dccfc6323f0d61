import type { OutcomeRow, ReadRow, RunRow, SkipRow } from '../../contracts/store/history.ts';
import type { Unreadable } from '../../contracts/store/unreadable.ts';

export interface RunHistory extends RunRow {
  /** How its task ended; `null` while that is unknown. */
  readonly outcome: OutcomeRow | null;
  /** Why no queue has received it, although it was committed; `null` for every other run. */
  readonly withdrawn: SkipRow | null;
}

export type ReadableItem = RunHistory | SkipRow;

export type HistoryItem = ReadableItem | Unreadable;

/** Joins rows of one entry: outcomes and withdrawals become parts of their runs. Of `newer` only outcomes are used. */
export function joinRuns(rows: readonly ReadRow[], newer: readonly ReadRow[] = []): HistoryItem[] {
  const outcomes = new Map<string, OutcomeRow>();
  // Runs of an entry with a fixed task id share it.
  const withdrawn = new Map<string, SkipRow>();
  for (const row of [...newer, ...rows]) {
    if (row.kind === 'outcome') outcomes.set(row.taskId, row);
    if (row.kind === 'skip' && row.taskId !== undefined) withdrawn.set(`${row.taskId} ${row.first}`, row);
  }
  return rows.flatMap((row): HistoryItem | [] => {
    if (row.kind === 'outcome') return [];
    if (row.kind === 'unreadable') return row;
    if (row.kind === 'skip') return row.taskId === undefined ? row : [];
    return {
      ...row,
      outcome: outcomes.get(row.taskId) ?? null,
      withdrawn: withdrawn.get(`${row.taskId} ${row.dueAt}`) ?? null,
    };
  });
}

/** Whether the task of a run ended without success: it failed, was revoked, or its result was lost. */
export function hasFailed(item: HistoryItem): boolean {
  return item.kind === 'run' && item.outcome !== null && item.outcome.state !== 'SUCCESS';
}
