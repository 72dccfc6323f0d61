import { nextAfter } from './next-after.ts';
import type { Schedule } from './schedule.ts';

/** No version of beat existed before this instant. */
const BEFORE_BEAT = Date.parse('2026-01-01T00:00:00Z');

/**
 * Whether a schedule is never due: a date that does not exist (30 February), a time that is always in a gap,
 * or a single instant in the distant past. A configuration with such a schedule is invalid.
 */
export function isNeverDue(schedule: Schedule): boolean {
  return nextAfter(schedule, BEFORE_BEAT) === Infinity;
}
