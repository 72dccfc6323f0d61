import { FIRST_INSTANT, LAST_INSTANT } from './iso.ts';
import { at } from '../schedule/at.ts';

/** The allowed forms of an instant, for error messages. */
export const INSTANT_FORMS = 'an instant such as 2030-01-31T08:00:00Z';

/** A date with or without a time: luxon accepts "12:00" and adds the current date. */
const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::?\d{2}){1,2}.*)?$/i;

/** The allowed forms of `parseExactInstant`, for error messages. */
export const EXACT_INSTANT_FORMS = `${INSTANT_FORMS} (with Z or an offset)`;

export const SENDABLE_FORMS = 'an instant from 0001-01-02 to 9999-12-30';

const BEFORE_ALL = new Date(-8_640_000_000_000_000);

/**
 * Parses an instant to epoch milliseconds, or returns `null`. A string without an offset is local time, by the
 * rules of `at`.
 */
export function parseInstant(input: unknown, timezone: string): number | null {
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? null : input.getTime();
  if (typeof input !== 'string' || !CALENDAR_DATE.test(input)) return null;
  try {
    return at(toIso(input), { timezone }).next(BEFORE_ALL)?.getTime() ?? null;
  } catch {
    return null;
  }
}

/** An instant with `Z` or an offset, in epoch milliseconds; `null` for one that would depend on the zone of the reader. */
export function parseExactInstant(text: string): number | null {
  return /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? parseInstant(text, 'UTC') : null;
}

export function isInstant(input: unknown): boolean {
  return parseInstant(input, 'UTC') !== null;
}

/** Whether an instant (epoch milliseconds) is in the range of Python's datetime. */
export function isSendable(instant: number | null): boolean {
  return instant !== null && instant >= FIRST_INSTANT && instant <= LAST_INSTANT;
}

/** Replaces the space that Python writes instead of the `T` of ISO 8601. */
export function toIso(input: string | Date): string | Date {
  return typeof input === 'string' ? input.replace(' ', 'T') : input;
}
