/** The largest and (negated) the smallest epoch milliseconds that a `Date` can hold. */
export const MAX_INSTANT = 8_640_000_000_000_000;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Epoch milliseconds of a date that a caller passed in; a `TypeError` for one that is no instant. */
export function millis(date: Date, name: string): number {
  const instant = date.getTime();
  if (Number.isNaN(instant)) throw new TypeError(`${name} is an invalid Date`);
  return instant;
}

/** A fresh `Date`, because callers may change theirs; `null` for none and for one past the last. */
export function dateOrNull(instant: number | null): Date | null {
  return instant === null || instant > MAX_INSTANT ? null : new Date(instant);
}
