import { parseDurationText } from '../../schedule/text.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** The longest delay: the instant after it must not be later than the last of Python, in 9999. */
export const MAX_DELAY = 365_250 * DAY;
export const WAIT_FORMS = 'at most 365250 days, a thousand years';

/** The parts of Python's `timedelta`, in milliseconds. */
const TIMEDELTA: Readonly<Record<string, number>> = {
  weeks: WEEK,
  days: DAY,
  hours: HOUR,
  minutes: MINUTE,
  seconds: SECOND,
  milliseconds: 1,
  microseconds: 0.001,
};

/** The forms of a duration, for error messages. */
export const DURATION_FORMS = 'a number of seconds, or text such as 500ms, 8s, 5m, 2h, 1d or 1h30m';

/**
 * Parses a duration to whole milliseconds. A number is in seconds, as in Celery; a text has units. `null` for any
 * other value (negative, not finite, without a unit).
 */
export function parseDuration(input: unknown): number | null {
  if (typeof input === 'number') {
    return Number.isFinite(input) && input >= 0 ? Math.round(input * SECOND) : null;
  }
  const ms = typeof input === 'string' ? parseDurationText(input) : null;
  return ms === null ? null : Math.round(ms);
}

/** Parses to milliseconds a map such as `{timedelta: {minutes: 5}}`; `null` for any other value. */
export function parseTimedelta(input: unknown): number | null {
  if (typeof input !== 'object' || input === null || !('timedelta' in input)) return null;
  const { timedelta: parts, ...others } = input;
  if (typeof parts !== 'object' || parts === null || Object.keys(others).length > 0) return null;
  let sum = 0;
  for (const [part, count] of Object.entries(parts) as [string, unknown][]) {
    const size = Object.hasOwn(TIMEDELTA, part) ? TIMEDELTA[part] : undefined;
    if (size === undefined || typeof count !== 'number') return null;
    sum += count * size;
  }
  return Number.isFinite(sum) && sum >= 0 ? Math.round(sum) : null;
}
