import { nextAfter } from '../../schedule/next-after.ts';
import type { Steps } from '../../util/steps.ts';
import { nextRuns } from './entry-status.ts';
import type { EntryRecord } from './read-entries.ts';

const MINUTE = 60_000;
export const MINUTES = 1_440;

/** How many occurrences are looked up at most: each takes some microseconds. */
const MAX_LOOKUPS = 200_000;

export interface UpcomingDay {
  /** The beginning of the first minute, epoch milliseconds. */
  readonly from: number;
  /** Runs per minute, without the runs of frequent entries. */
  readonly counts: readonly number[];
  /** Entries that run every minute or more often: they would hide all others in a picture. */
  readonly frequent: { readonly entries: number; readonly runsPerMinute: number };
  /** How many of the entries were counted: all, unless there are very many. */
  readonly entries: number;
}

/** Counts the runs of the 24 hours after `now`, epoch milliseconds, in steps. Entries without a state count from now. */
export function* countUpcoming(
  records: readonly Pick<EntryRecord, 'entry' | 'state'>[],
  now: number,
): Steps<UpcomingDay> {
  const from = Math.floor(now / MINUTE) * MINUTE;
  const to = from + MINUTES * MINUTE;
  const counts = new Array<number>(MINUTES).fill(0);
  const count = (at: number) => {
    const minute = Math.floor((at - from) / MINUTE);
    if (minute >= 0 && minute < MINUTES) counts[minute]! += 1;
  };
  const frequent = { entries: 0, runsPerMinute: 0 };
  let lookups = 0;
  let counted = 0;
  for (const { entry, state } of records) {
    if (lookups > MAX_LOOKUPS) break;
    if (!entry) continue;
    counted += 1;
    const [first = Infinity] = (yield* nextRuns(entry, state, now, 1)).instants;
    lookups += 1;
    const { schedule } = entry;
    if (schedule.every !== undefined && schedule.every <= MINUTE && first < to) {
      frequent.entries += 1;
      frequent.runsPerMinute += MINUTE / schedule.every;
      continue;
    }
    for (let at = first; at < to; lookups++) {
      count(at);
      yield;
      at = schedule.every === undefined ? nextAfter(schedule, at) : at + schedule.every;
    }
    yield;
  }
  return { from, counts, frequent, entries: counted };
}
