import { latestFrom } from '../../schedule/range.ts';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { withoutInstants, nextAfter } from '../../schedule/next-after.ts';
import { nextDueAt, reconcile } from '../../entries/planning/plan.ts';
import { limitsOverlap } from '../../entries/catalog/overlap.ts';
import type { EntryState, RunningRun } from '../../contracts/store/entry-state.ts';
import type { Steps } from '../../util/steps.ts';

/** An entry as users see it, whichever face shows it. Instants are ISO 8601 in UTC. */
export interface EntryStatus {
  readonly entry: string;
  /** Where it is defined: in the configuration, or, created at run time, in the store. */
  readonly source: 'configuration' | 'store';
  readonly task: string;
  /** The rule in words, or its `spec`. */
  readonly schedule: string;
  readonly description?: string;
  /** The IANA zone of its schedule; `null` for a rule without one. */
  readonly timezone: string | null;
  readonly enabled: boolean;
  /** `null` unless it is paused. */
  readonly paused: {
    readonly since: string;
    readonly until: string | null;
    readonly reason: string | null;
    readonly by: string;
  } | null;
  /** Occurrences to come that are skipped. */
  readonly skipping: readonly string[];
  /** The newest occurrence that was published or skipped. */
  readonly lastDueAt: string | null;
  /** When the last run was published. */
  readonly lastSentAt: string | null;
  readonly lastTaskId: string | null;
  /** The newest occurrence if it was skipped and nothing was published since; else `null`. */
  readonly lastSkipped: { readonly dueAt: string; readonly reason: SkipReason } | null;
  /**
   * How the task of the newest run whose end is known ended: another run than the last, if that one is still running. `null` for
   * none; absent if no history is recorded.
   */
  readonly lastOutcome?: LastOutcome | null;
  readonly runCount: number;
  /** Runs without an outcome, oldest first; absent for none, and if the entry allows overlap. */
  readonly running?: readonly RunningStatus[];
  /** The next occurrence that will be published; `null` for none, and while it is paused without an end. */
  readonly nextDueAt: string | null;
  readonly error?: never;
}

/** How the task of a run ended. */
export interface LastOutcome {
  readonly taskId: string;
  readonly dueAt: string;
  /** Celery's state of the task, such as `SUCCESS`. */
  readonly state: string;
  readonly doneAt: string;
  /** `null` if unknown. */
  readonly runtimeMs: number | null;
  readonly worker: string | null;
  /** The text of the exception; `null` unless it failed. */
  readonly error: string | null;
}

/** A published run without an outcome. */
export interface RunningStatus {
  readonly taskId: string;
  readonly dueAt: string;
  readonly sentAt: string;
}

/** An entry whose state or definition cannot be read. It does not run. */
export interface UnreadableEntry {
  readonly entry: string;
  /** `configuration` also for the state of an entry that is no longer declared. */
  readonly source: EntryStatus['source'];
  /** What cannot be read, and how to repair it. */
  readonly error: string;
}

/** One entry in a list of all; only an unreadable one has an `error`. */
export type StatusRow = EntryStatus | UnreadableEntry;

/** The status of an entry at `now` (epoch milliseconds), as a leader would see it. */
export function readStatus(entry: Entry, state: EntryState | undefined, now: number): EntryStatus {
  const { name, task, schedule, description, enabled } = entry;
  const { pause = null, skip = [] } = state ?? {};
  const current = enabled ? reconcile(entry, state, now) : null;
  return {
    entry: name,
    source: entry.stored ? 'store' : 'configuration',
    task,
    schedule: schedule.description ?? schedule.spec,
    ...(description !== undefined && { description }),
    timezone: schedule.timezone ?? null,
    enabled,
    paused: pause && {
      since: new Date(pause.since).toISOString(),
      until: instant(pause.until),
      reason: pause.reason,
      by: pause.by,
    },
    skipping: skip.map((at) => new Date(at).toISOString()),
    lastDueAt: instant(state?.dueAt ?? null),
    lastSentAt: instant(state?.sentAt ?? null),
    lastTaskId: state?.taskId ?? null,
    lastSkipped: readLastSkip(state),
    runCount: state?.runCount ?? 0,
    ...(state?.running && limitsOverlap(entry) && { running: state.running.map(toRunning) }),
    nextDueAt: instant(current ? nextPublished(entry, current.state) : null),
  };
}

function toRunning({ taskId, dueAt, sentAt }: RunningRun): RunningStatus {
  const [due, sent] = [dueAt, sentAt].map((at) => new Date(at).toISOString()) as [string, string];
  return { taskId, dueAt: due, sentAt: sent };
}

/** A release without `lastSkip` preserves it, but goes on with `dueAt`. */
function readLastSkip({ dueAt, lastSkip }: Partial<EntryState> = {}): EntryStatus['lastSkipped'] {
  if (!lastSkip || lastSkip.dueAt !== dueAt) return null;
  return { dueAt: new Date(dueAt).toISOString(), reason: lastSkip.reason };
}

/** The next occurrences that will be published. */
export interface NextRuns {
  /** Epoch milliseconds. */
  readonly instants: readonly number[];
  /** Whether more are due, which were not searched because the time was used up. */
  readonly isPartial: boolean;
}

export const NO_RUNS: NextRuns = { instants: [], isPartial: false };

/** Finds the next `count` occurrences that will be published if nothing changes after `now`. Epoch milliseconds. */
export function* nextRuns(
  entry: Entry,
  state: EntryState | undefined,
  now: number,
  count: number,
): Steps<NextRuns> {
  const current = entry.enabled ? reconcile(entry, state, now) : null;
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

function instant(at: number | null): string | null {
  return at === null || !Number.isFinite(at) ? null : new Date(at).toISOString();
}
