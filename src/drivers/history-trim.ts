import type { HistoryLimits } from '../contracts/store/history.ts';

/**
 * The average number of rows appended to an entry between two removals of its surplus rows. Appending decides at
 * random, so that no process counts the rows of each entry. Deleting several rows at once is much faster.
 */
export function rowsUntilTrim({ limit }: HistoryLimits): number {
  return Math.min(Math.max(limit / 4, 8), 1_000);
}
