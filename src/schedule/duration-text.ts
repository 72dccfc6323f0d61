import { DAY, HOUR, MINUTE, SECOND } from './instants.ts';

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
/** Each unit at most once, the larger first: `1h30m`, not `30m1h`. */
const DURATION = new RegExp(
  `^(?:${NUMBER}w)?(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m(?!s))?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`,
);
const UNITS = [7 * DAY, DAY, HOUR, MINUTE, SECOND, 1];

/** Milliseconds of a text such as `1h30m`, not rounded; `null` for what is no duration. */
export function parseDurationText(text: string): number | null {
  const match = text === '' ? null : DURATION.exec(text);
  if (!match) return null;
  const parts = match.slice(1) as (string | undefined)[];
  const ms = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * UNITS[i]!, 0);
  return Number.isFinite(ms) ? ms : null;
}
