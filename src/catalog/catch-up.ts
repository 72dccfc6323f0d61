import { latestWithin, nextAfter } from '../schedule/next-after.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { RunCause } from '../message/run.ts';
import type { Entry } from './entry.ts';

/** Why an occurrence is not sent. */
export type SkipReason =
  /** A newer run replaces it (`missed: 'once'`). */
  | 'coalesced'
  /** It was missed, and the entry has `missed: 'skip'`. */
  | 'missed'
  /** It is later than the entry's `startingDeadline`. */
  | 'deadline'
  /** More occurrences were missed than `missed: 'all'` catches up on. */
  | 'catch-up-limit'
  /** Its message expired while the broker rejected it. */
  | 'expired'
  /** Its fanout exchange had no subscribers, so that the broker dropped the message. */
  | 'no-subscribers'
  /** The entry was paused. */
  | 'paused'
  /** A command asked to skip it. */
  | 'skipped';

/** A stretch of occurrences that are not sent. Instants are epoch milliseconds. */
export interface Skip {
  readonly reason: SkipReason;
  readonly first: number;
  readonly last: number;
  /** `null` when there are too many to count. */
  readonly count: number | null;
}

/** What to do about an entry that is due: everything up to and including `dueAt` is then dealt with. */
export interface Decision {
  /** Nominal instants to send, oldest first. */
  readonly send: readonly number[];
  readonly skip: readonly Skip[];
  readonly dueAt: number;
}

/**
 * A run later than this counts as missed. A failover or a short pause is not what an entry with `missed: 'skip'`
 * wants to skip for; its own `startingDeadline` replaces the limit. Milliseconds.
 */
export const MISSED_AFTER = 60_000;

/** Why an occurrence is published at `now`: it was missed if a newer one is due as well, or if it is late. */
export function causeOf(dueAt: number, newest: number, now: number): RunCause {
  return dueAt < newest || now - dueAt > MISSED_AFTER ? 'catch-up' : 'schedule';
}

/** Beyond this, skipped occurrences are not counted one by one. */
export const COUNT_LIMIT = 10_000;

/** What an entry says of runs that are late. */
export type Lateness = Pick<Entry, 'missed' | 'maxCatchUp' | 'startingDeadline'>;

/** That of an entry by its name, by the configuration as it is now; one that is gone from it has the default. */
export type LatenessOf = (entry: string) => Lateness;

export const DEFAULT_LATENESS: Lateness = {
  ...{ missed: 'once', maxCatchUp: 1_000, startingDeadline: null },
};

/**
 * Decides about every occurrence from `first`, the oldest that was not dealt with, up to `now`, by the
 * entry's policy for what it missed. One that is due right now is simply the newest of them: nothing
 * but the deadline tells a run in time from one that is made up for.
 */
export function decide(entry: Entry, first: number, now: number): Decision {
  const newest = latestFrom(entry.schedule, first, now);
  return entry.missed === 'all'
    ? decideEach(entry, first, newest, now)
    : decideNewest(entry, first, newest, now);
}

function decideNewest(entry: Entry, first: number, newest: number, now: number): Decision {
  const { schedule, missed } = entry;
  const skip: Skip[] = [];
  if (newest > first) {
    skip.push({ reason: REPLACED[missed], ...stretch(schedule, first, newest) });
  }
  const { limit, reason } = lateness(entry);
  if (now - newest <= limit) return { send: [newest], skip, dueAt: newest };
  skip.push({ reason, first: newest, last: newest, count: 1 });
  return { send: [], skip, dueAt: newest };
}

function decideEach(entry: Entry, first: number, newest: number, now: number): Decision {
  const { schedule, maxCatchUp, startingDeadline } = entry;
  const skip: Skip[] = [];
  let oldest = first;
  if (startingDeadline !== null && now - first > startingDeadline) {
    const late = stretch(schedule, first, now - startingDeadline);
    skip.push({ reason: 'deadline', ...late });
    oldest = nextAfter(schedule, late.last);
  }
  if (oldest > newest) return { send: [], skip, dueAt: newest };
  const send = newestOf(schedule, oldest, newest, maxCatchUp);
  const kept = send[0] ?? newest;
  if (oldest < kept) skip.push({ reason: REPLACED.all, ...stretch(schedule, oldest, kept) });
  return { send, skip, dueAt: newest };
}

/** The occurrences from `first` up to but not including `end`. */
export function stretch(schedule: Schedule, first: number, end: number): Omit<Skip, 'reason'> {
  const last = latestFrom(schedule, first, end - 1);
  return { first, last, count: countBetween(schedule, first, last) };
}

function countBetween(schedule: Schedule, first: number, last: number): number | null {
  let count = 1;
  for (let at = first; at < last; at = nextAfter(schedule, at)) {
    if (count++ === COUNT_LIMIT) return null;
  }
  return count;
}

/**
 * The newest `cap` occurrences from `first` to `until`, both included, oldest first. Where there are
 * very many, where to start is searched by halves, so that a year of seconds is not walked through.
 */
function newestOf(schedule: Schedule, first: number, until: number, cap: number): number[] {
  const most = 4 * cap;
  let found = walk(schedule, first, until, most);
  if (found.length <= most) return found.slice(-cap);
  let tooMany = first;
  let tooFew = until;
  while (found.length > most || found.length < cap) {
    const middle = latestFrom(schedule, tooMany, tooMany + (tooFew - tooMany) / 2);
    const start = middle === tooMany ? nextAfter(schedule, tooMany) : middle;
    found = walk(schedule, start, until, most);
    if (found.length > most) tooMany = start;
    else tooFew = start;
  }
  return found.slice(-cap);
}

/** Occurrences from `first` to `until`, both included; one more than `most` means that there are more. */
function walk(schedule: Schedule, first: number, until: number, most: number): number[] {
  const found: number[] = [];
  for (let at = first; at <= until && found.length <= most; at = nextAfter(schedule, at)) {
    found.push(at);
  }
  return found;
}

/**
 * The newest occurrence in `[first, until]`, where `first` is one itself. Every walk starts at an
 * occurrence: an interval's grid hangs on the instant that it is counted from.
 */
export function latestFrom(schedule: Schedule, first: number, until: number): number {
  const second = nextAfter(schedule, first);
  if (second > until) return first;
  const said = latestWithin(schedule, first, until);
  if (said !== undefined) return said ?? first;
  let newest = second;
  for (let at = second; at <= until; at = nextAfter(schedule, at)) newest = at;
  return newest;
}

/** Why an occurrence is not published when newer ones replace it, or are as many as the entry catches up on. */
const REPLACED = { once: 'coalesced', skip: 'missed', all: 'catch-up-limit' } as const;

/** How late a run may be published (milliseconds), and why a later one is not. */
function lateness({ missed, startingDeadline }: Lateness): {
  readonly limit: number;
  readonly reason: SkipReason;
} {
  if (startingDeadline !== null) return { limit: startingDeadline, reason: 'deadline' };
  return { limit: missed === 'skip' ? MISSED_AFTER : Infinity, reason: 'missed' };
}

/**
 * The same policy for runs whose messages wait in the outbox, at these instants: why one of them is not published
 * any more, or `null` when it still is.
 */
export function verdictOf(
  policy: Lateness,
  instants: readonly number[],
  now: number,
): (dueAt: number) => SkipReason | null {
  const { missed, maxCatchUp } = policy;
  const { limit, reason } = lateness(policy);
  const newestFirst = [...new Set(instants)].toSorted((a, b) => b - a);
  const oldest = newestFirst.slice(0, missed === 'all' ? maxCatchUp : 1).at(-1) ?? -Infinity;
  return (dueAt) => {
    if (dueAt < oldest) return REPLACED[missed];
    return now - dueAt > limit ? reason : null;
  };
}
