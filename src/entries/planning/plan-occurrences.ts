import { decide, type Skip } from '../catalog/catch-up.ts';
import { withoutInstants, nextAfter } from '../../schedule/next-after.ts';
import type { Entry } from '../catalog/entry.ts';
import { latestFrom } from '../../schedule/range.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { Steps } from '../../util/steps.ts';
import { endPause } from './end-pause.ts';
import { nextDueAt } from './plan.ts';

/** What to do about an entry that is due, or whose pause has ended. */
export interface PlannedOccurrences {
  /** Nominal instants to publish, oldest first. Epoch milliseconds. */
  readonly send: readonly number[];
  readonly skip: readonly Skip[];
  /** What changes in the state, beside what publishing changes. */
  readonly changes: Partial<Pick<EntryState, 'dueAt' | 'pause' | 'skip' | 'running'>>;
}

/**
 * Decides about every occurrence in `[first, now]`. Occurrences of a pause that has ended, and occurrences that a command
 * asked to skip, are skipped; the others follow the entry's catch-up policy.
 */
export function* planOccurrences(
  entry: Entry,
  state: EntryState,
  now: number,
  first = nextDueAt(entry, state),
): Steps<PlannedOccurrences> {
  const until = state.pause?.until ?? null;
  if (until !== null) return yield* planAfterPause(entry, state, until, now);
  const asked = state.skip?.filter((at) => at >= first) ?? [];
  if (!asked.some((at) => at <= now)) {
    const { send, skip, dueAt } = yield* decide(entry, first, now);
    return { send, skip, changes: { dueAt } };
  }
  const schedule = withoutInstants(entry.schedule, asked);
  const start = asked.includes(first) ? nextAfter(schedule, first) : first;
  const rest =
    start > now ? { send: [], skip: [] } : yield* decide({ ...entry, schedule }, start, now);
  const skipped = asked.filter((at) => at <= now);
  const ahead = asked.filter((at) => at > now);
  return {
    send: rest.send,
    skip: [
      ...rest.skip,
      ...skipped.map((at) => ({ reason: 'skipped', first: at, last: at, count: 1 }) as const),
    ],
    changes: {
      dueAt: latestFrom(entry.schedule, first, now),
      skip: ahead.length > 0 ? ahead : undefined,
    },
  };
}

function* planAfterPause(
  entry: Entry,
  state: EntryState,
  until: number,
  now: number,
): Steps<PlannedOccurrences> {
  const { changes, skipped } = yield* endPause(entry, state, until);
  const resumed = { ...state, ...changes };
  const skip = skipped ? [skipped] : [];
  const first = nextDueAt(entry, resumed);
  if (first > now) return { send: [], skip, changes };
  const planned = yield* planOccurrences(entry, resumed, now, first);
  return {
    send: planned.send,
    skip: [...skip, ...planned.skip],
    changes: { ...changes, ...planned.changes },
  };
}
