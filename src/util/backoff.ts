/**
 * The pause (milliseconds) before the next attempt, after so many that failed (1 and more): doubled each
 * time up to the longest, and varied by up to half, so that many clients of one server do not come back
 * at the same moment.
 */
export function pauseAfter(failures: number, first: number, longest: number): number {
  const whole = Math.min(first * 2 ** (failures - 1), longest);
  return whole * (0.5 + Math.random() / 2);
}
