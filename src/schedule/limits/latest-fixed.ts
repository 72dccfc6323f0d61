import { latestByNext } from '../latest.ts';
import { latestWithin, nextAfter } from '../next-after.ts';
import type { Schedule } from '../schedule.ts';

/**
 * Returns the newest instant in `(after, until]`, or `null`, of a schedule with fixed instants, whether or not it has
 * `latest`. Epoch milliseconds.
 */
export function latestFixed(schedule: Schedule, after: number, until: number): number | null {
  const answer = latestWithin(schedule, after, until);
  if (answer !== undefined) return answer;
  return latestByNext((instant) => nextAfter(schedule, instant), after, until);
}
