import type { History, OutcomeRow, ReadRow, RunRow } from '../../../../src/contracts/store/history.ts';

/** The run with that number, which was due at that millisecond. */
export const makeRun = (number: number, parts: Partial<RunRow> = {}): RunRow => ({
  kind: 'run',
  dueAt: number,
  sentAt: number + 7,
  cause: 'schedule',
  taskId: `id-${number}`,
  task: 't',
  queue: 'celery',
  term: 1,
  leader: 'gen1@a',
  number,
  ...parts,
});

export const makeOutcome = (taskId: string, parts: Partial<OutcomeRow> = {}): OutcomeRow => ({
  kind: 'outcome',
  taskId,
  dueAt: 1,
  state: 'SUCCESS',
  doneAt: 9,
  runtimeMs: 2,
  worker: 'w',
  error: null,
  ...parts,
});

/** A history of one entry with these rows, newest first; the position of a row is its index. */
export function makeHistory(rows: readonly ReadRow[]) {
  /** The limits of pages that were read. */
  const reads: number[] = [];
  const latest: { readonly entries: readonly string[]; readonly limit: number }[] = [];
  const history: Pick<History, 'read' | 'latest'> = {
    read: async (_entry, { limit, before }) => {
      reads.push(limit);
      const from = Number(before ?? 0);
      const next = from + limit < rows.length ? String(from + limit) : null;
      return { rows: rows.slice(from, from + limit), next };
    },
    latest: async (entries, limit) => {
      latest.push({ entries, limit });
      const readable = rows.filter((row) => row.kind !== 'unreadable').slice(0, limit);
      return new Map(entries.map((entry) => [entry, readable]));
    },
  };
  return { history: history as History, reads, latest };
}
