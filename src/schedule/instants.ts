/** The maximum and (negated) the minimum epoch milliseconds of a `Date`. */
export const MAX_INSTANT = 8_640_000_000_000_000;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The remainder of a division, which is not negative, unlike that of `%`. */
export function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** The whole numbers from one to another, both included; none if `to` is less than `from`. */
export function numbersBetween(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** The values without duplicates, ascending. */
export function sortedSet(values: Iterable<number>): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** Returns the epoch milliseconds of an argument. Throws a `TypeError` for an invalid `Date`. */
export function toMillis(date: Date, name: string): number {
  const instant = date.getTime();
  if (Number.isNaN(instant)) throw new TypeError(`${name} is an invalid Date`);
  return instant;
}

/** Returns a new `Date` (callers may modify it), or `null` for `null` and for an instant past the last `Date`. */
export function toDate(instant: number | null): Date | null {
  return instant === null || instant > MAX_INSTANT ? null : new Date(instant);
}
