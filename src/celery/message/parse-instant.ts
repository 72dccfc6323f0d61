import { getZone } from '../../schedule/zone/zone.ts';
import { readTime } from '../../schedule/at.ts';
import { toInstant } from '../../schedule/calendar/clock-changes.ts';
import { checkZone } from '../../schedule/zone/zone-names.ts';

export const INSTANT_FORMS = 'an instant such as 2030-01-31T08:00:00Z';

/** A date with or without a time: luxon accepts "12:00" and adds the current date. */
const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::?\d{2}){1,2}.*)?$/i;

export const EXACT_INSTANT_FORMS = `${INSTANT_FORMS} (with Z or an offset)`;

export const SENDABLE_FORMS = 'an instant from 0001-01-02 to 9999-12-30';

/** Parses an instant to epoch milliseconds, else `null`. Without an offset it is local time, by the rules of `at`. */
export function parseInstant(input: unknown, timezone: string): number | null {
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? null : input.getTime();
  if (typeof input !== 'string' || !CALENDAR_DATE.test(input)) return null;
  try {
    const { time, isLocal } = readTime(toIso(input));
    return isLocal ? toInstant(time, getZone(checkZone(timezone))) : time;
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

/** The range of Python's datetime, less a day at both ends for the offset of the zone. */
const FIRST_INSTANT = Date.parse('0001-01-02T00:00:00Z');
export const LAST_INSTANT = Date.parse('9999-12-30T23:59:59.999Z');

/**
 * An instant (epoch milliseconds) in an IANA zone, as Python's `isoformat()` writes it: numeric offset,
 * microseconds, no fraction at all when it is zero. `2026-11-21T06:34:07.241000+01:00`
 */
export function pythonIso(instant: number, timezone: string): string {
  // Some zones had offsets with seconds before 1972, which ISO 8601 cannot express.
  const minutes = Math.round(getZone(timezone).spanAt(instant).offset / 60_000);
  const local = new Date(instant + minutes * 60_000).toISOString();
  const fraction = local.endsWith('.000Z') ? '' : `${local.slice(19, 23)}000`;
  return `${local.slice(0, 19)}${fraction}${formatOffset(minutes)}`;
}

/** `null` also for an instant whose year does not have four digits. */
export function sendableOrNull(instant: number | null): number | null {
  return isSendable(instant) ? instant : null;
}

/** Minutes east of UTC as `+05:45`. */
export function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const hh = String(Math.floor(size / 60)).padStart(2, '0');
  const mm = String(size % 60).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hh}:${mm}`;
}
