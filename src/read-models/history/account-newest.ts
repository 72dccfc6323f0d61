import { newestFrom, firstFrom } from '../../schedule/range.ts';
import { cursor } from '../../entries/planning/next-due.ts';
import type { Steps } from '../../util/steps.ts';
import {
  account,
  recordedSince,
  scheduledSince,
  type AccountedOccurrence,
  type Recorded,
} from './account.ts';

/**
 * The newest `limit` occurrences up to `now` (epoch milliseconds), oldest first, with what became of each. Does not visit
 * those before them, however short the interval is.
 */
export function* accountNewest(
  recorded: Recorded,
  limit: number,
  now: number,
): Steps<readonly AccountedOccurrence[]> {
  const expected = yield* newestExpected(recorded, limit, now);
  const from = expected.length < limit ? -Infinity : expected[0]!;
  return [...account(recorded, { from, to: now + 1, now })].slice(-limit);
}

function* newestExpected(recorded: Recorded, limit: number, now: number): Steps<readonly number[]> {
  const { entry, state } = recorded;
  const { schedule } = entry;
  const since = scheduledSince(recorded);
  if (!state || since === Infinity) return [];
  // A schedule of a user may be unable to skip ahead.
  const canSkip = schedule.latest !== undefined || schedule.every !== undefined;
  const start = canSkip ? since + 1 : Math.max(since + 1, recordedSince(recorded));
  const first = firstFrom(schedule, cursor(state), start);
  return first > now ? [] : yield* newestFrom(schedule, first, now, limit);
}
