import type { Row } from './table.ts';

/** What `npm run bench -- --json FILE` writes. */
export interface Measurement {
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly commit: string | null;
  readonly machine: string;
  /** The load average before. */
  readonly load: string;
  readonly quick: boolean;
  readonly rows: readonly Row[];
}

/** The newest measurement of each bench, with its rows only. */
export type Results = Readonly<Record<string, Measurement>>;

/** Replaces the results of each bench that was measured again. */
export function mergeResults(results: Results, measurements: readonly Measurement[]): Results {
  const merged = { ...results };
  for (const measurement of measurements) {
    for (const [bench, rows] of Object.entries(Object.groupBy(measurement.rows, (row) => row.bench))) {
      merged[bench] = { ...measurement, rows: rows! };
    }
  }
  return merged;
}
