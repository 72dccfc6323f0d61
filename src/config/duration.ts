const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
/** Each unit at most once, the larger first: `1h30m`, not `30m1h`. */
const DURATION = new RegExp(
  `^(?:${NUMBER}w)?(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m(?!s))?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`,
);
const UNITS = [WEEK, DAY, HOUR, MINUTE, SECOND, 1];

/** What a duration may look like, in words for error messages. */
export const DURATION_FORMS = 'a number of seconds, or text such as 500ms, 8s, 5m, 2h, 1d or 1h30m';

/**
 * Milliseconds, rounded to whole ones. A number counts seconds, as everywhere in Celery; text carries
 * its units. `null` for what is no duration (negative, not finite, no unit).
 */
export function parseDuration(input: unknown): number | null {
  if (typeof input === 'number') {
    return Number.isFinite(input) && input >= 0 ? Math.round(input * SECOND) : null;
  }
  const match = typeof input === 'string' && input !== '' ? DURATION.exec(input) : null;
  if (!match) return null;
  const parts = match.slice(1) as (string | undefined)[];
  const ms = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * UNITS[i]!, 0);
  return Number.isFinite(ms) ? Math.round(ms) : null;
}
