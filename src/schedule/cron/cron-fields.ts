/** One field of a cron expression. */
export interface CronField {
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  /** The number of distinct values: 7 days of the week, although Sunday is 0 and 7. */
  readonly count: number;
  /** The highest value that `H` may select, if lower than `highest`: every month has a day 28. */
  readonly hashHighest?: number;
  /** Names of the values, starting with `lowest`. */
  readonly names: readonly string[];
  /** Whether a range may wrap around, as `22-2` does. */
  readonly wraps: boolean;
  /** The allowed values, for error messages. */
  readonly allowed: string;
  /** The unit of the field in `@every 90m`; absent for months and years. */
  readonly unit?: 's' | 'm' | 'h' | 'd';
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const field = (
  name: string,
  [lowest, highest]: readonly [number, number],
  allowed: string,
  more: Partial<CronField> = {},
): CronField => ({
  name,
  lowest,
  highest,
  count: highest - lowest + 1,
  names: [],
  wraps: true,
  allowed,
  ...more,
});

/** In the order of an expression of seven fields. */
export const CRON_FIELDS = [
  field('second', [0, 59], '0-59 or H', { unit: 's' }),
  field('minute', [0, 59], '0-59 or H', { unit: 'm' }),
  field('hour', [0, 23], '0-23 or H', { unit: 'h' }),
  field('day of month', [1, 31], '1-31, L, L-3, 15W, LW or H', { hashHighest: 28, unit: 'd' }),
  field('month', [1, 12], '1-12, jan-dec or H', { names: MONTHS }),
  field('day of week', [0, 7], '0-7, sun-sat, 5L, 5#2 or H', {
    count: 7,
    hashHighest: 6,
    names: WEEKDAYS,
    unit: 'd',
  }),
  field('year', [1970, 2199], '1970-2199', { wraps: false }),
] as const;

/** Returns the last value of `*` and of a step without an end. */
export function lastValue({ lowest, count }: CronField): number {
  return lowest + count - 1;
}
