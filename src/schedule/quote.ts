import { truncate } from '../util/visible.ts';

/** Characters of a value that error messages show. */
export const MAX_QUOTED = 60;

/** Formats a value for an error message; strings are quoted, so that `"5"` differs from 5, and truncated. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(truncate(value, MAX_QUOTED));
}
