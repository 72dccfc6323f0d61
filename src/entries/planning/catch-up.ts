import type { Entry } from '../catalog/entry.ts';
import type { RunCause } from '../../celery/message/run.ts';
import type { advance } from '../../contracts/store/entry-state.ts';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { latestFrom, newestFrom, stretch, type Stretch } from '../../schedule/range.ts';
import type { Steps } from '../../util/steps.ts';

/** A stretch of occurrences that are not sent. Instants are epoch milliseconds. */
export interface Skip extends Stretch {
  readonly reason: SkipReason;
}

/**
 * The policy of an entry for runs that are late. `once` publishes the newest run that is due, `skip` too unless
 * it is late, `all` the newest `maxCatchUp`. None of them publishes a run later than `startingDeadline`. There are
 * two ways to apply it: `catchUp` to the occurrences of a schedule, `selectSkipped` to messages in the outbox.
 */
export type CatchUpPolicy = Pick<Entry, 'missed' | 'maxCatchUp' | 'startingDeadline'>;

export const DEFAULT_POLICY: CatchUpPolicy = { missed: 'once', maxCatchUp: 1_000, startingDeadline: null };

/**
 * A run later than this counts as missed. The limit allows for failovers and short pauses, for which `missed: 'skip'`
 * must not skip runs; a `startingDeadline` replaces it. Milliseconds.
 */
export const MISSED_AFTER = 60_000;

/** Why an occurrence is published at `now`: it was missed if a newer one is due as well, or if it is late. */
export function causeOf(dueAt: number, newest: number, now: number): RunCause {
  return dueAt < newest || now - dueAt > MISSED_AFTER ? 'catch-up' : 'schedule';
}

/**
 * The policy as two limits, and why a run beyond each of them is skipped: at most `count` runs, the newest, are
 * published, and none that is later than `lateness` (milliseconds).
 */
function limitsOf({ missed, maxCatchUp, startingDeadline }: CatchUpPolicy) {
  return {
    count: missed === 'all' ? maxCatchUp : 1,
    overCount: OVER_COUNT[missed],
    lateness: startingDeadline ?? (missed === 'skip' ? MISSED_AFTER : Infinity),
    tooLate: startingDeadline === null ? 'missed' : 'deadline',
  } as const;
}

const OVER_COUNT = { once: 'coalesced', skip: 'missed', all: 'catch-up-limit' } as const;

/** Occurrences, and what becomes of them. Instants are epoch milliseconds. */
export interface Dealt {
  /** Nominal instants of the runs to publish, oldest first. */
  readonly runs: readonly number[];
  readonly skipped: readonly Skip[];
  /** What changes in the state, beside what publishing changes (`sentAt`, `taskId`, `runCount`). */
  readonly changes: Parameters<typeof advance>[1];
}

/**
 * Applies the policy to every occurrence from `first`, the oldest that was not dealt with, up to `now`. An occurrence
 * that is due right now is the newest of them: only the deadline distinguishes a run in time from a caught-up run.
 */
export function* catchUp(entry: Entry, first: number, now: number): Steps<Dealt> {
  const { schedule, missed } = entry;
  const { count, overCount, lateness, tooLate } = limitsOf(entry);
  const newest = latestFrom(schedule, first, now);
  // Nearly every entry that is due has one occurrence, in time.
  if (first === newest && now - first <= lateness) return { runs: [first], skipped: [], changes: { dueAt: first } };
  const skipped: Skip[] = [];
  let oldest = first;
  const skipUntil = function* (end: number, reason: SkipReason): Steps<void> {
    if (oldest >= end) return;
    const skip = yield* stretch(schedule, oldest, end);
    skipped.push({ reason, ...skip });
    oldest = nextAfter(schedule, skip.last);
  };
  // Every occurrence up to and including this one is dealt with.
  const changes = { dueAt: newest };
  // A single run replaces all others, however late they are.
  if (missed !== 'all') yield* skipUntil(newest, overCount);
  yield* skipUntil(now - lateness, tooLate);
  if (oldest > newest) return { runs: [], skipped, changes };
  const runs = yield* newestFrom(schedule, oldest, newest, count);
  yield* skipUntil(runs[0]!, overCount);
  return { runs, skipped, changes };
}

/**
 * Applies the policy to runs at these instants, whose messages are in the outbox. Returns the runs that are no longer to
 * be published, with the reason.
 */
export function selectSkipped(
  policy: CatchUpPolicy,
  instants: Iterable<number>,
  now: number,
): ReadonlyMap<number, SkipReason> {
  const { count, overCount, lateness, tooLate } = limitsOf(policy);
  const newestFirst = [...new Set(instants)].toSorted((a, b) => b - a);
  const skipped = new Map<number, SkipReason>();
  for (const [i, dueAt] of newestFirst.entries()) {
    const isLate = now - dueAt > lateness;
    if (i >= count && !(isLate && policy.missed === 'all')) skipped.set(dueAt, overCount);
    else if (isLate) skipped.set(dueAt, tooLate);
  }
  return skipped;
}
