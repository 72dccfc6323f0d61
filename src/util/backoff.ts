import type { Random } from './clock.ts';

/**
 * The pause in milliseconds before the next attempt after this many failures (at least 1). It doubles with each
 * failure up to the longest, less a random part of up to half, so that clients do not reconnect at the same moment.
 */
export function pauseAfter(failures: number, first: number, longest: number, random: Random): number {
  const whole = Math.min(first * 2 ** (failures - 1), longest);
  return whole * (0.5 + random() / 2);
}
