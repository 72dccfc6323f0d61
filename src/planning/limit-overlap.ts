import type { Skip } from '../catalog/catch-up.ts';
import type { Entry } from '../catalog/entry.ts';
import { endsBy } from '../catalog/overlap.ts';
import { COUNT_LIMIT } from '../schedule/range.ts';
import type { EntryState, RunningRun } from '../store/entry-state.ts';
import type { PlannedOccurrences } from './plan-occurrences.ts';

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
 * `queue` the oldest of those that the catch-up policy publishes; the others follow when it has ended.
 */
export function limitOverlap(
  entry: Entry,
  state: EntryState,
  planned: PlannedOccurrences,
  now: number,
): OverlapDecision {
  const { overlap = 'allow' } = entry;
  if (overlap === 'allow' || planned.send.length === 0) {
    return { kind: 'proceed', planned, cancel: [] };
  }
  const running = stillRunning(entry, state, now);
  const isFree = running.length === 0;
  switch (overlap) {
    case 'skip':
      return proceed(isFree ? publishNewest(planned) : skipAll(planned, running));
    case 'queue':
      if (isFree) return proceed(publishOldest(planned, state));
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
  return {
    send: send.slice(-1),
    skip: older.length > 0 ? [...skip, overlapping(older)] : skip,
    changes: { ...changes, running: [] },
  };
}

/** The occurrences after it stay due, and what commands asked to skip among them stays asked. */
function publishOldest(
  { send, skip, changes }: PlannedOccurrences,
  state: EntryState,
): PlannedOccurrences {
  const [dueAt] = send as readonly [number];
  if (send.length === 1) return { send, skip, changes: { ...changes, running: [] } };
  const asked = (state.skip ?? []).filter((at) => at > dueAt);
  return {
    send: [dueAt],
    skip: skip.filter(({ last }) => last < dueAt),
    changes: {
      ...changes,
      dueAt,
      skip: asked.length > 0 ? asked : undefined,
      running: [],
    },
  };
}

function overlapping(instants: readonly number[]): Skip {
  const count = instants.length > COUNT_LIMIT ? null : instants.length;
  return { reason: 'overlap', first: instants[0]!, last: instants.at(-1)!, count };
}
