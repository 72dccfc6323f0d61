import type { Skip } from '../catalog/catch-up.ts';
import type { Entry } from '../catalog/entry.ts';
import { endsBy } from '../catalog/overlap.ts';
import { COUNT_LIMIT } from '../../schedule/range.ts';
import type { EntryState, RunningRun } from '../../contracts/store/entry-state.ts';
import type { PlannedOccurrences } from './plan-occurrences.ts';
import { publishOldest } from './publish-oldest.ts';
import { runsAtOnce } from './runs-at-once.ts';

/** What to do about occurrences that are due, when runs of their entry must not overlap. */
export type OverlapDecision =
  | {
      readonly kind: 'proceed';
      readonly planned: PlannedOccurrences;
      /** Runs to end before. */
      readonly cancel: readonly RunningRun[];
    }
  /** Nothing until the running runs have ended, or until that instant. Epoch milliseconds. */
  | { readonly kind: 'wait'; readonly until: number };

/** The runs that still count as running at `now` (epoch milliseconds): those that are not older than `maxRuntime`. */
export function stillRunning(
  entry: Entry,
  { running = [] }: Pick<EntryState, 'running'>,
  now: number,
): readonly RunningRun[] {
  return running.filter(({ sentAt }) => endsBy(entry, sentAt) > now);
}

/**
 * Limits what was planned for an entry at `now` (epoch milliseconds) to one run at a time, by the overlap policy of the
 * entry. The state contains the runs that are running. A single run is published: the newest occurrence, or with
 * `queue` the oldest of those that the catch-up policy publishes; the others follow when it has ended. An entry whose
 * runs may overlap publishes the oldest, as many as one commit may contain.
 */
export function limitOverlap(
  entry: Entry,
  state: EntryState,
  planned: PlannedOccurrences,
  now: number,
): OverlapDecision {
  const { overlap = 'allow' } = entry;
  if (planned.send.length === 0) return proceed(planned);
  if (overlap === 'allow') {
    // Most plans have one run, and need no limit.
    const most = planned.send.length > 1 ? runsAtOnce(entry) : 1;
    return proceed(publishOldest(planned, state, most));
  }
  const running = stillRunning(entry, state, now);
  const isFree = running.length === 0;
  switch (overlap) {
    case 'skip':
      return proceed(isFree ? publishNewest(planned) : skipAll(planned, running));
    case 'queue':
      if (isFree) return proceed(withoutRunning(publishOldest(planned, state, 1)));
      return {
        kind: 'wait',
        until: Math.max(...running.map(({ sentAt }) => endsBy(entry, sentAt))),
      };
    case 'cancel':
      return proceed(publishNewest(planned), running);
  }
}

function proceed(planned: PlannedOccurrences, cancel: readonly RunningRun[] = []): OverlapDecision {
  return { kind: 'proceed', planned, cancel };
}

function skipAll(
  { send, skip, changes }: PlannedOccurrences,
  running: readonly RunningRun[],
): PlannedOccurrences {
  return { send: [], skip: [...skip, overlapping(send)], changes: { ...changes, running } };
}

function publishNewest({ send, skip, changes }: PlannedOccurrences): PlannedOccurrences {
  const older = send.slice(0, -1);
  const skipped = older.length > 0 ? [...skip, overlapping(older)] : skip;
  return withoutRunning({ send: send.slice(-1), skip: skipped, changes });
}

function withoutRunning({ changes, ...planned }: PlannedOccurrences): PlannedOccurrences {
  return { ...planned, changes: { ...changes, running: [] } };
}

function overlapping(instants: readonly number[]): Skip {
  const count = instants.length > COUNT_LIMIT ? null : instants.length;
  return { reason: 'overlap', first: instants[0]!, last: instants.at(-1)!, count };
}
