import { DAY, HOUR, MINUTE, SECOND } from './instants.ts';

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
/** Each unit at most once, in descending order: `1h30m`, not `30m1h`. */
const DURATION = new RegExp(
  `^(?:${NUMBER}w)?(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m(?!s))?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`,
);
const UNITS = [7 * DAY, DAY, HOUR, MINUTE, SECOND, 1];

/** Parses a duration such as `1h30m` to milliseconds, without rounding; returns `null` if it is invalid. */
export function parseDurationText(text: string): number | null {
  const match = text === '' ? null : DURATION.exec(text);
  if (!match) return null;
  const parts = match.slice(1) as (string | undefined)[];
  const ms = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * UNITS[i]!, 0);
  return Number.isFinite(ms) ? ms : null;
}
