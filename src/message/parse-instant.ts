import { FIRST_INSTANT, LAST_INSTANT } from './iso.ts';
import { at } from '../schedule/at.ts';

/** What an instant may look like, in words for error messages. */
export const INSTANT_FORMS = 'an instant such as 2030-01-31T08:00:00Z';

/** A calendar date, with a time or without: luxon alone would take "12:00", and read the clock for it. */
const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::?\d{2}){1,2}.*)?$/i;

export const SENDABLE_FORMS = 'an instant from 0001-01-02 to 9999-12-30';

const BEFORE_ALL = new Date(-8_640_000_000_000_000);

/**
 * Epoch milliseconds. Text without an offset is read in the zone, by the rules of `at`. `null` for what
 * is no instant.
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

export function isInstant(input: unknown): boolean {
  return parseInstant(input, 'UTC') !== null;
}

/** Whether an instant (epoch milliseconds) can be told to a worker. */
export function isSendable(instant: number | null): boolean {
  return instant !== null && instant >= FIRST_INSTANT && instant <= LAST_INSTANT;
}

/** People, and Python, put a space where ISO 8601 has a `T`. */
export function toIso(input: string | Date): string | Date {
  return typeof input === 'string' ? input.replace(' ', 'T') : input;
}
