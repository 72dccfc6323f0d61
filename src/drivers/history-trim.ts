import type { HistoryLimits } from '../contracts/store/history.ts';

/** The average number of rows between two removals: choosing at random needs no count, and bulk deletes are faster. */
export function rowsUntilTrim({ limit }: HistoryLimits): number {
  return Math.min(Math.max(limit / 4, 8), 1_000);
}
