import { MAX_INSTANT } from '../../schedule/instants.ts';

/** Whether a stored value is valid. Any program may have written it, and readers compute with it and show it. */
export type Check = (value: unknown) => boolean;

/** Epoch milliseconds that a `Date` can show. */
export const isInstant: Check = (value) => typeof value === 'number' && Math.abs(value) <= MAX_INSTANT;

/** A text without lone surrogates, which no URL and no UTF-8 can contain. */
export const isText: Check = (value) => typeof value === 'string' && value.isWellFormed();

export const isNumber: Check = Number.isFinite;

/** An integer that is exact, at least 0. */
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** An instant in ISO 8601. */
export const isIsoInstant: Check = (value) =>
  typeof value === 'string' && ISO.test(value) && isInstant(Date.parse(value));

const ISO = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d/;

export function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

export function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** A map with these fields. Unknown fields may have any value. */
export function mapOf(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const map = value as Readonly<Record<string, unknown>>;
    return checks.every(([name, check]) => check(map[name]));
  };
}
