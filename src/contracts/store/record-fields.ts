import { MAX_INSTANT } from '../../schedule/instants.ts';

/** Whether a stored value is valid. Any program may have written it, and readers compute with it and show it. */
export type Check<T = unknown> = (value: unknown) => value is T;

/** The type of the values that a check accepts. */
export type Checked<C> = C extends Check<infer T> ? T : never;

/** Epoch milliseconds that a `Date` can show. */
export const isInstant: Check<number> = (value): value is number =>
  typeof value === 'number' && Math.abs(value) <= MAX_INSTANT;

/** A text without lone surrogates, which no URL and no UTF-8 can contain. */
export const isText: Check<string> = (value): value is string => typeof value === 'string' && value.isWellFormed();

export const isNumber: Check<number> = (value): value is number => Number.isFinite(value);

/** An integer that is exact, at least 0. */
export const isCount: Check<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const isIsoInstant: Check<string> = (value): value is string =>
  typeof value === 'string' && ISO.test(value) && isInstant(Date.parse(value));

const ISO = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d/;

export function oneOf<T extends string>(...values: readonly T[]): Check<T> {
  return (value): value is T => values.includes(value as T);
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

type Fields = Readonly<Record<string, Check>>;
type OptionalNames<F extends Fields> = { [K in keyof F]: undefined extends Checked<F[K]> ? K : never }[keyof F];
type MapOf<F extends Fields> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Checked<F[K]> } & {
  readonly [K in OptionalNames<F>]?: Checked<F[K]>;
};

/** A map with these fields. Unknown fields may have any value. */
export function mapOf<F extends Fields>(fields: F): Check<MapOf<F>> {
  const checks = Object.entries(fields);
  return (value): value is MapOf<F> => {
    if (typeof value !== 'object' || value === null) return false;
    const map = value as Readonly<Record<string, unknown>>;
    return checks.every(([name, check]) => check(map[name]));
  };
}
