import { latestWithin, nextAfter } from './next-after.ts';
import type { Schedule } from './schedule.ts';

// Every search starts at an occurrence, because the grid of an interval depends on the instant from which it is
// counted. Instants are epoch milliseconds.

/** Consecutive occurrences of a schedule. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  /** `null` for more than `COUNT_LIMIT`. */
  readonly count: number | null;
}

/** Occurrences beyond this number are not counted one by one. */
export const COUNT_LIMIT = 10_000;

/** Returns the occurrences from `first`, which is one, up to but not including `end`. */
export function stretch(schedule: Schedule, first: number, end: number): Stretch {
  const last = latestFrom(schedule, first, end - 1);
  return { first, last, count: countBetween(schedule, first, last) };
}

/** Returns the first occurrence at or after `from`. Intervals are counted, forwards and backwards, from `anchor`. */
export function firstFrom(schedule: Schedule, anchor: number, from: number): number {
  const { every } = schedule;
  return every === undefined ? nextAfter(schedule, from - 1) : from + modulo(anchor - from, every);
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** Returns the newest occurrence in `[first, until]`, where `first` is one. */
export function latestFrom(schedule: Schedule, first: number, until: number): number {
  const second = nextAfter(schedule, first);
  if (second > until) return first;
  const answer = latestWithin(schedule, first, until);
  if (answer !== undefined) return answer ?? first;
  let newest = second;
  for (let at = second; at <= until; at = nextAfter(schedule, at)) newest = at;
  return newest;
}

/**
 * Returns the newest `limit` occurrences from `first` to `until`, both included, oldest first. If there are very
 * many, the first of them is found by bisection, so that a year of seconds is not visited one by one.
 */
export function newestFrom(
  schedule: Schedule,
  first: number,
  until: number,
  limit: number,
): number[] {
  if (first === until) return [first];
  const most = 4 * limit;
  let found = list(schedule, first, until, most);
  if (found.length <= most) return found.slice(-limit);
  let tooMany = first;
  let tooFew = until;
  while (found.length > most || found.length < limit) {
    const middle = latestFrom(schedule, tooMany, tooMany + (tooFew - tooMany) / 2);
    const start = middle === tooMany ? nextAfter(schedule, tooMany) : middle;
    found = list(schedule, start, until, most);
    if (found.length > most) tooMany = start;
    else tooFew = start;
  }
  return found.slice(-limit);
}

/** Occurrences from `first` to `until`, both included; one more than `most` means that there are more. */
function list(schedule: Schedule, first: number, until: number, most: number): number[] {
  const found: number[] = [];
  for (let at = first; at <= until && found.length <= most; at = nextAfter(schedule, at)) {
    found.push(at);
  }
  return found;
}

function countBetween(schedule: Schedule, first: number, last: number): number | null {
  let count = 1;
  for (let at = first; at < last; at = nextAfter(schedule, at)) {
    if (count++ === COUNT_LIMIT) return null;
  }
  return count;
}
