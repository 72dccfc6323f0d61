import { DAY, HOUR, MINUTE, SECOND } from './instants.ts';
import { truncate } from '../util/visible.ts';

/** From Monday, as in Python and in recurrence rules. */
export const WEEKDAY_NAMES: readonly string[] = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

export const MONTH_NAMES: readonly string[] =
  'January February March April May June July August September October November December'.split(' ');

/** `1st`, `22nd`, `113th`. */
export function ordinal(number: number): string {
  const teens = number % 100 > 10 && number % 100 < 20;
  const ending = teens ? undefined : ['th', 'st', 'nd', 'rd'][number % 10];
  return `${number}${ending ?? 'th'}`;
}

/** `a, b and c`. */
export function listed(texts: readonly string[], conjunction = 'and'): string {
  const last = texts.at(-1) ?? '';
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/** The most characters of a value in an error message. */
export const MAX_QUOTED = 60;

/** Formats a value for an error message; strings are quoted, so that `"5"` differs from 5, and truncated. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(truncate(value, MAX_QUOTED));
}

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
/** Each unit at most once, in descending order: `1h30m`, not `30m1h`. */
const DURATION = new RegExp(
  `^(?:${NUMBER}w)?(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m(?!s))?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`,
);

const DURATION_UNITS = [
  [7 * DAY, 'week'],
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
  [SECOND, 'second'],
  [1, 'millisecond'],
] as const;

/** Parses a duration such as `1h30m` to milliseconds, without rounding; returns `null` if it is invalid. */
export function parseDurationText(text: string): number | null {
  const match = text === '' ? null : DURATION.exec(text);
  if (!match) return null;
  const parts = match.slice(1) as (string | undefined)[];
  const ms = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * DURATION_UNITS[i]![0], 0);
  return Number.isFinite(ms) ? ms : null;
}

/** Describes milliseconds as `1 hour 30 minutes`, and one unit as `day`, for "every day". */
export function describeDuration(duration: number): string {
  const parts: string[] = [];
  let left = duration;
  for (const [size, name] of DURATION_UNITS.slice(1)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(count === 1 ? `1 ${name}` : `${count} ${name}s`);
  }
  const [only = ''] = parts;
  return parts.length === 1 ? only.replace(/^1 /, '') : parts.join(' ');
}

/** Describes milliseconds like `describeDuration`, but a single unit with its number: `1 hour`. */
export function describeLength(duration: number): string {
  return describeDuration(duration).replace(/^(?=[a-z])/, '1 ');
}

/** Describes a local time, in milliseconds as if it were UTC: `2030-01-31 08:00`, without seconds that are zero. */
export function describeLocal(local: number): string {
  const [date, time] = new Date(local).toISOString().split('T');
  return `${date} ${time!.replace(/(:00)?(\.000)?Z$/, '')}`;
}
