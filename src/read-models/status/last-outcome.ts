import type { History, OutcomeRow } from '../../contracts/store/history.ts';
import type { LastOutcome, StatusRow } from './entry-status.ts';

/** The rows of an entry among which its newest outcome is found. */
const RECENT = 10;

/**
 * Adds the newest outcome of each entry, read with one query for all of them. Without a history, or if it cannot be read, the
 * rows stay as they are: a user who may only read the state lists entries all the same.
 */
export async function addOutcomes(
  history: Pick<History, 'latest'> | undefined,
  rows: readonly StatusRow[],
): Promise<readonly StatusRow[]> {
  const names = rows.flatMap(({ entry, error }) => (error === undefined ? entry : []));
  if (!history || names.length === 0) return rows;
  const latest = await history.latest(names, RECENT).catch(() => null);
  if (!latest) return rows;
  return rows.map((row) => {
    if (row.error !== undefined) return row;
    const newest = latest.get(row.entry)?.find(({ kind }) => kind === 'outcome');
    return { ...row, lastOutcome: newest?.kind === 'outcome' ? viewOutcome(newest) : null };
  });
}

function viewOutcome({ taskId, dueAt, state, doneAt, ...rest }: OutcomeRow): LastOutcome {
  const { runtime, worker, error } = rest;
  const [due, done] = [dueAt, doneAt].map((at) => new Date(at).toISOString()) as [string, string];
  return { taskId, dueAt: due, state, doneAt: done, runtimeMs: runtime, worker, error };
}
