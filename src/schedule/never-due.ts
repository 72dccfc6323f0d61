import { nextAfter } from './next-after.ts';
import type { Schedule } from './schedule.ts';

/** No beat ran before this, so a schedule that is not due after it never will have been. */
const BEFORE_BEAT = Date.parse('2026-01-01T00:00:00Z');

/**
 * Whether a schedule can never be due: no such date (30 February), always in a gap, or a single moment
 * too long ago. A configuration that holds one is wrong.
 */
export function neverDue(schedule: Schedule): boolean {
  return nextAfter(schedule, BEFORE_BEAT) === Infinity;
}
