import type { Steps } from '../util/steps.ts';
import { modulo } from './instants.ts';
import { latestByNext, latestWithin, nextAfter } from './next-after.ts';
import type { Schedule } from './schedule.ts';

// Every search starts at an occurrence, because the grid of an interval depends on the instant from which it is
// counted. Instants are epoch milliseconds.

/** Consecutive occurrences of a schedule. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  /** `null` if there are too many to count: more than `COUNT_LIMIT`, or more than the time allowed. */
  readonly count: number | null;
}

export const COUNT_LIMIT = 10_000;

/** Occurrences that are counted even after the time limit. */
const COUNT_AT_ONCE = 16;

/** The most occurrences that a search visits one by one, in a user's schedule that cannot skip ahead. */
const MAX_PASSED = 10_000;

/** Summarizes the occurrences in `[first, end)`. `first` must be an occurrence. */
export function* stretch(schedule: Schedule, first: number, end: number): Steps<Stretch> {
  const last = latestFrom(schedule, first, end - 1);
  return { first, last, count: yield* countBetween(schedule, first, last) };
}

/** Returns the first occurrence at or after `from`. Intervals are counted, forwards and backwards, from `anchor`. */
export function firstFrom(schedule: Schedule, anchor: number, from: number): number {
  const { every } = schedule;
  return every === undefined ? nextAfter(schedule, from - 1) : from + modulo(anchor - from, every);
}

/**
 * Returns the newest occurrence in `[first, until]`. `first` must be an occurrence. In a schedule without `latest`,
 * very many occurrences are bisected: such a schedule has fixed instants, or it counts from one of the later
 * occurrences.
 */
export function latestFrom(schedule: Schedule, first: number, until: number): number {
  const second = nextAfter(schedule, first);
  if (second > until) return first;
  const answer = latestWithin(schedule, first, until);
  if (answer !== undefined) return answer ?? first;
  let newest = second;
  let at = second;
  for (let i = 0; at <= until && i < MAX_PASSED; i++) {
    newest = at;
    at = nextAfter(schedule, at);
  }
  if (at > until) return newest;
  return latestByNext((after) => nextAfter(schedule, after), newest, until) ?? newest;
}

/** The newest `limit` occurrences in `[first, until]`, oldest first; a bisection finds the first if there are many. */
export function* newestFrom(schedule: Schedule, first: number, until: number, limit: number): Steps<number[]> {
  if (first === until) return [first];
  const most = 4 * limit;
  let found = yield* list(schedule, first, until, most);
  if (found.length <= most) return found.slice(-limit);
  let tooMany = first;
  let tooFew = until;
  while (found.length > most || found.length < limit) {
    const middle = latestFrom(schedule, tooMany, tooMany + (tooFew - tooMany) / 2);
    const start = middle === tooMany ? nextAfter(schedule, tooMany) : middle;
    found = yield* list(schedule, start, until, most);
    if (found.length > most) tooMany = start;
    else tooFew = start;
  }
  return found.slice(-limit);
}

/** Lists at most `most` + 1 occurrences in `[first, until]`; the extra one shows that there are more. */
function* list(schedule: Schedule, first: number, until: number, most: number): Steps<number[]> {
  const found: number[] = [];
  for (let at = first; at <= until && found.length <= most; at = nextAfter(schedule, at)) {
    found.push(at);
    yield;
  }
  return found;
}

function* countBetween(schedule: Schedule, first: number, last: number): Steps<number | null> {
  const { every } = schedule;
  if (every !== undefined) {
    const count = (last - first) / every + 1;
    return count > COUNT_LIMIT ? null : count;
  }
  let count = 1;
  for (let at = first; at < last; at = nextAfter(schedule, at)) {
    if (count === COUNT_LIMIT) return null;
    if (count % COUNT_AT_ONCE === 0 && (yield)) return null;
    count += 1;
  }
  return count;
}
