/** One field of a cron expression: which values it takes, and how messages speak of it. */
export interface CronField {
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  /** How many different values there are: 7 days of the week, though Sunday is 0 and 7. */
  readonly count: number;
  /** The last value that `H` may choose, where that is not the last of all: every month has a 28th. */
  readonly hashHighest?: number;
  /** The names of the first values, from `lowest` on. */
  readonly names: readonly string[];
  /** Whether a range may run past the end, as `22-2` does. Years do not come round again. */
  readonly wraps: boolean;
  /** What may stand in it, for messages. */
  readonly allowed: string;
  /** Its unit in `@every 90m`; absent where intervals have none. */
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

/** The last value of `*` and of a step that names only its start. */
export function lastOf({ lowest, count }: CronField): number {
  return lowest + count - 1;
}
