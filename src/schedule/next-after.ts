import { BeatError } from '../errors.ts';
import type { Schedule } from './schedule.ts';

/**
 * The first instant of the schedule strictly later than `after`; `Infinity` when there is none. Both are
 * epoch milliseconds. Throws a `BeatError` for an answer that is not later: users bring schedules of
 * their own, and with one that stands still whoever walks along it would never end.
 */
export function nextAfter(schedule: Schedule, after: number): number {
  const next = schedule.next(new Date(after))?.getTime() ?? Infinity;
  if (next > after) return next;
  const asked = new Date(after).toISOString();
  throw new BeatError(`schedule "${schedule.spec}": what comes next after ${asked} is not later`);
}
