import type { HistoryLimits } from '../contracts/store/history.ts';

/**
 * After how many appended rows of an entry its surplus ones are removed, on average: appending decides at random, so
 * that no process counts the rows of each entry. Deleting several at once is much faster.
 */
export function rowsUntilTrim({ limit }: HistoryLimits): number {
  return Math.min(Math.max(limit / 4, 8), 1_000);
}
