import type { HistoryRow, OutcomeRow, RunRow, SkipRow } from '../../store/history.ts';

/** A run with the outcome of its task, or a stretch of skipped occurrences. */
export type PastRun =
  | { readonly kind: 'run'; readonly run: RunRow; readonly outcome: OutcomeRow | null }
  | { readonly kind: 'skip'; readonly skip: SkipRow };

/** Joins the outcomes with their runs. Rows and runs are newest first. */
export function joinOutcomes(rows: readonly HistoryRow[]): readonly PastRun[] {
  const outcomes = new Map<string, OutcomeRow>();
  for (const row of rows) {
    if (row.kind === 'outcome' && !outcomes.has(row.taskId)) outcomes.set(row.taskId, row);
  }
  return rows.flatMap((row): PastRun[] => {
    if (row.kind === 'run')
      return [{ kind: 'run', run: row, outcome: outcomes.get(row.taskId) ?? null }];
    return row.kind === 'skip' ? [{ kind: 'skip', skip: row }] : [];
  });
}

/** How it ended, as a class of the stylesheet, a sign and words. */
export function describeRun(past: PastRun): {
  readonly kind: 'succeeded' | 'failed' | 'published' | 'skipped';
  readonly sign: string;
  readonly words: string;
} {
  if (past.kind === 'skip')
    return { kind: 'skipped', sign: '–', words: `skipped (${past.skip.reason})` };
  const { outcome } = past;
  if (outcome === null) return { kind: 'published', sign: '•', words: 'published' };
  if (outcome.state === 'SUCCESS') return { kind: 'succeeded', sign: '✓', words: 'succeeded' };
  return {
    kind: 'failed',
    sign: '✕',
    words: outcome.state === 'FAILURE' ? 'failed' : outcome.state.toLowerCase(),
  };
}
