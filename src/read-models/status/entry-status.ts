import { latestFrom } from '../../schedule/range.ts';
import { withoutInstants, nextAfter } from '../../schedule/next-after.ts';
import { nextDueAt } from '../../entries/planning/next-due.ts';
import { reconcile } from '../../entries/planning/adopt.ts';
import { type Entry, limitsOverlap } from '../../entries/catalog/entry.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { OutcomeRow } from '../../contracts/store/history-row.ts';
import { formatIso, formatIsoOrNull } from '../../util/format-iso.ts';
import type { Steps } from '../../util/steps.ts';
import type { EntryStatus, LastOutcome, Outcome } from './shapes.ts';

/** The status of an entry at `now` (epoch milliseconds), as a leader would see it. */
export function readStatus(entry: Entry, state: EntryState | null | undefined, now: number): EntryStatus {
  const { name, task, schedule, description, enabled } = entry;
  const { pause = null, skip = [] } = state ?? {};
  const current = enabled ? reconcile(entry, state ?? undefined, now) : null;
  return {
    entry: name,
    source: entry.stored ? 'store' : 'configuration',
    task,
    schedule: schedule.description ?? schedule.spec,
    ...(description !== undefined && { description }),
    timezone: schedule.timezone ?? null,
    enabled,
    paused: pause && {
      since: formatIso(pause.since),
      until: formatIsoOrNull(pause.until),
      reason: pause.reason,
      by: pause.by,
    },
    skipping: skip.map(formatIso),
    lastDueAt: formatIsoOrNull(state?.dueAt ?? null),
    lastSentAt: formatIsoOrNull(state?.sentAt ?? null),
    lastTaskId: state?.taskId ?? null,
    lastSkipped: readLastSkip(state ?? undefined),
    runCount: state?.runCount ?? 0,
    ...(state?.running &&
      limitsOverlap(entry) && {
        running: state.running.map(({ taskId, dueAt, sentAt }) => ({
          taskId,
          dueAt: formatIso(dueAt),
          sentAt: formatIso(sentAt),
        })),
      }),
    nextDueAt: formatIsoOrNull(current ? nextPublished(entry, current.state) : null),
  };
}

/** Ignores an outdated `lastSkip`: a release that does not know the field keeps it while `dueAt` advances. */
function readLastSkip({ dueAt, lastSkip }: Partial<EntryState> = {}): EntryStatus['lastSkipped'] {
  if (!lastSkip || lastSkip.dueAt !== dueAt) return null;
  return { dueAt: formatIso(dueAt), reason: lastSkip.reason };
}

export function viewLastOutcome(row: OutcomeRow): LastOutcome {
  return { taskId: row.taskId, dueAt: formatIso(row.dueAt), ...viewOutcome(row) };
}

export function viewOutcome({ state, doneAt, runtimeMs, worker, error }: OutcomeRow): Outcome {
  return { state, doneAt: formatIso(doneAt), runtimeMs, worker, error };
}

export interface NextRuns {
  /** Epoch milliseconds. */
  readonly instants: readonly number[];
  /** Whether the search ended because its time was used up. */
  readonly isPartial: boolean;
}

export const NO_RUNS: NextRuns = { instants: [], isPartial: false };

/** Finds the next `count` occurrences that will be published if nothing changes after `now`. Epoch milliseconds. */
export function* nextRuns(
  entry: Entry,
  state: EntryState | null | undefined,
  now: number,
  count: number,
): Steps<NextRuns> {
  const current = entry.enabled ? reconcile(entry, state ?? undefined, now) : null;
  if (!current) return NO_RUNS;
  const schedule = withoutInstants(entry.schedule, current.state.skip ?? []);
  const instants: number[] = [];
  let next = nextPublished(entry, current.state);
  while (next !== Infinity) {
    instants.push(next);
    if (instants.length === count) break;
    if (yield) return { instants, isPartial: true };
    next = nextAfter(schedule, next);
  }
  return { instants, isPartial: false };
}

/** The next occurrence that is neither skipped nor in a pause; `Infinity` for none. Epoch milliseconds. */
function nextPublished(entry: Entry, state: EntryState): number {
  const { pause, skip = [] } = state;
  const schedule = withoutInstants(entry.schedule, skip);
  const from = pause ? (pause.until ?? Infinity) : -Infinity;
  if (from === Infinity) return Infinity;
  let next = nextDueAt({ ...entry, schedule }, state);
  if (next < from) next = nextAfter(schedule, latestFrom(schedule, next, from - 1));
  return next;
}
