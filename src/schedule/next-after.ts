import { isDate } from 'node:util/types';
import { BeatError } from '../util/errors.ts';
import { markHandled } from '../util/promise.ts';
import type { Schedule } from './schedule.ts';

/**
 * Returns the first instant of a schedule strictly later than `after`, or `Infinity`. Both are epoch
 * milliseconds. Throws a `BeatError` if `next` returns an earlier instant or no `Date`: users provide their own
 * schedules, and a schedule that does not advance would loop forever.
 */
export function nextAfter(schedule: Schedule, after: number): number {
  const next = parseAnswer(schedule, schedule.next(new Date(after))) ?? Infinity;
  if (next > after) return next;
  const asked = new Date(after).toISOString();
  throw new BeatError(
    `schedule "${schedule.spec}": next(${asked}) returned an instant that is not later`,
  );
}

/** Returns the newest instant in `(after, until]` or `null`; `undefined` if the schedule has no `latest`. */
export function latestWithin(
  schedule: Schedule,
  after: number,
  until: number,
): number | null | undefined {
  if (!schedule.latest) return undefined;
  return parseAnswer(schedule, schedule.latest(new Date(after), new Date(until)));
}

function parseAnswer({ spec }: Schedule, answer: unknown): number | null {
  if (answer === null || answer === undefined) return null;
  if (isDate(answer)) return answer.getTime();
  const what = markHandled(answer) ? 'a promise; it must be synchronous' : `a ${typeof answer}`;
  throw new BeatError(`schedule "${spec}": expected a Date or null, got ${what}`);
}
