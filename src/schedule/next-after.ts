import { isDate } from 'node:util/types';
import { BeatError } from '../util/errors.ts';
import { disown } from '../util/promise.ts';
import type { Schedule } from './schedule.ts';

/**
 * The first instant of the schedule strictly later than `after`; `Infinity` when there is none. Both are
 * epoch milliseconds. Throws a `BeatError` for an answer that is no instant, or not later: users bring
 * schedules of their own, and with one that stands still whoever walks along it would never end.
 */
export function nextAfter(schedule: Schedule, after: number): number {
  const next = instantIn(schedule, schedule.next(new Date(after))) ?? Infinity;
  if (next > after) return next;
  const asked = new Date(after).toISOString();
  throw new BeatError(`schedule "${schedule.spec}": what comes next after ${asked} is not later`);
}

/** The newest instant in `(after, until]`, `null` for none; `undefined` from a schedule that does not say it. */
export function latestIn(
  schedule: Schedule,
  after: number,
  until: number,
): number | null | undefined {
  if (!schedule.latest) return undefined;
  return instantIn(schedule, schedule.latest(new Date(after), new Date(until)));
}

function instantIn({ spec }: Schedule, answer: unknown): number | null {
  if (answer === null || answer === undefined) return null;
  if (isDate(answer)) return answer.getTime();
  const what = disown(answer) ? 'a promise; it has to answer at once' : `a ${typeof answer}`;
  throw new BeatError(`schedule "${spec}": expected a Date or null, got ${what}`);
}
