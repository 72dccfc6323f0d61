import { isDate } from 'node:util/types';
import { MINUTE } from './instants.ts';
import type { Schedule } from './schedule.ts';
import { BeatError } from '../util/errors.ts';
import { markHandled } from '../util/promise.ts';

/**
 * Returns the first instant of a schedule strictly later than `after`, or `Infinity`. Both are epoch
 * milliseconds. Throws a `BeatError` if `next` returns an earlier instant or no `Date`: users provide their own
 * schedules, and a schedule that does not advance would loop forever.
 */
export function nextAfter(schedule: Schedule, after: number): number {
  const next = parseAnswer(schedule, schedule.next(new Date(after))) ?? Infinity;
  if (next > after) return next;
  const asked = new Date(after).toISOString();
  throw new BeatError(`schedule "${schedule.spec}": next(${asked}) returned an instant that is not later`);
}

/** Returns the newest instant in `(after, until]` or `null`; `undefined` if the schedule has no `latest`. */
export function latestWithin(schedule: Schedule, after: number, until: number): number | null | undefined {
  if (!schedule.latest) return undefined;
  return parseAnswer(schedule, schedule.latest(new Date(after), new Date(until)));
}

function parseAnswer({ spec }: Schedule, answer: unknown): number | null {
  if (answer === null || answer === undefined) return null;
  if (isDate(answer)) return answer.getTime();
  const what = markHandled(answer) ? 'a promise; it must be synchronous' : `a ${typeof answer}`;
  throw new BeatError(`schedule "${spec}": expected a Date or null, got ${what}`);
}

/**
 * Finds the newest occurrence in `(after, until]` with `next` alone: searches back from `until` in growing
 * windows until one has an occurrence, then bisects that window. Takes about forty calls for a year of
 * downtime, however many occurrences it has. Epoch milliseconds; `next` must be strictly later and monotone.
 */
export function latestByNext(next: (after: number) => number | null, after: number, until: number): number | null {
  const within = (instant: number | null): instant is number => instant !== null && instant <= until;
  if (!within(next(after))) return null;

  // No occurrence lies in (none, until].
  let none = until;
  let reach = MINUTE;
  let newest = next(Math.max(after, until - reach));
  while (!within(newest)) {
    none = until - reach;
    reach *= 2;
    newest = next(Math.max(after, until - reach));
  }
  while (none - newest > 1) {
    const middle = newest + Math.floor((none - newest) / 2);
    const later = next(middle);
    if (within(later)) newest = later;
    else none = middle;
  }
  const last = next(newest);
  return within(last) ? last : newest;
}

/** No version of beat existed before this instant. */
const BEFORE_BEAT = Date.parse('2026-01-01T00:00:00Z');

/** Whether a schedule is never due: no such date (30 February), always in a gap, or in the distant past. */
export function isNeverDue(schedule: Schedule): boolean {
  return nextAfter(schedule, BEFORE_BEAT) === Infinity;
}

/** A schedule without some of its instants, given in epoch milliseconds. */
export function withoutInstants(schedule: Schedule, instants: readonly number[]): Schedule {
  const excluded = new Set(instants);
  const latest = (after: Date, until: Date): Date | null => {
    let found = schedule.latest?.(after, until) ?? null;
    while (found !== null && excluded.has(found.getTime())) {
      found = schedule.latest?.(after, new Date(found.getTime() - 1)) ?? null;
    }
    return found;
  };
  return {
    spec: schedule.spec,
    // Without `latest`, every search over a long time would visit each instant.
    ...(schedule.latest && { latest }),
    next: (after) => {
      let next = schedule.next(after);
      while (next !== null && excluded.has(next.getTime())) next = schedule.next(next);
      return next;
    },
  };
}
