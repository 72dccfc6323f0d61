import { measureCanvas, measureJson } from '../../celery/canvas/canvas.ts';
import { endsBy, type Entry } from '../catalog/entry.ts';
import type { RunCause } from '../../celery/message/run.ts';
import { nextAfter, withoutInstants } from '../../schedule/next-after.ts';
import { COUNT_LIMIT, latestFrom, stretch } from '../../schedule/range.ts';
import type { EntryState, RunningRun } from '../../contracts/store/entry-state.ts';
import type { Steps } from '../../util/steps.ts';
import { catchUp, causeOf, type Dealt, type Skip } from './catch-up.ts';
import { cursor, nextDueAt } from './next-due.ts';

/** What the leader does about an entry, by its schedule or by a command. Instants are epoch milliseconds. */
export interface Decision extends Dealt {
  readonly entry: Entry;
  /** The state that it was decided from. */
  readonly before: EntryState;
  readonly causeOf: (dueAt: number) => RunCause;
  /** Runs that workers are asked to end before. */
  readonly cancel?: readonly RunningRun[];
  /** The id of the command that asked for it: it distinguishes the task ids of its runs. */
  readonly commandId?: string | undefined;
}

/** Nothing is to happen until the running runs have ended, or until that instant. Epoch milliseconds. */
export interface Wait {
  readonly waitUntil: number;
}

/**
 * Decides what to do at `now` (epoch milliseconds) about an entry that is due since `first`, or whose pause has ended.
 * Occurrences of the pause, and occurrences that a command asked to skip, are skipped; the others follow the catch-up
 * policy of the entry, and then its overlap policy. The state contains the runs that are running.
 */
export function* decide(
  entry: Entry,
  before: EntryState,
  now: number,
  first = nextDueAt(entry, before),
): Steps<Decision | Wait> {
  const { runs, skipped, changes } = yield* decideOccurrences(entry, before, now, first);
  const newest = runs.at(-1) ?? now;
  const cause = (dueAt: number) => causeOf(dueAt, newest, now);
  return limitRuns({ entry, before, runs, causeOf: cause, skipped, changes }, now);
}

function* decideOccurrences(entry: Entry, state: EntryState, now: number, first: number): Steps<Dealt> {
  const until = state.pause?.until ?? null;
  if (until !== null) return yield* decideAfterPause(entry, state, until, now);
  const asked = state.skip?.filter((at) => at >= first) ?? [];
  if (!asked.some((at) => at <= now)) return yield* catchUp(entry, first, now);
  const schedule = withoutInstants(entry.schedule, asked);
  const start = asked.includes(first) ? nextAfter(schedule, first) : first;
  const rest = start > now ? { runs: [], skipped: [] } : yield* catchUp({ ...entry, schedule }, start, now);
  const skipped = asked.filter((at) => at <= now);
  return {
    runs: rest.runs,
    skipped: [...rest.skipped, ...skipped.map((at) => ({ reason: 'skipped', first: at, last: at, count: 1 }) as const)],
    changes: { dueAt: latestFrom(entry.schedule, first, now), skip: emptyToAbsent(asked.filter((at) => at > now)) },
  };
}

function* decideAfterPause(entry: Entry, state: EntryState, until: number, now: number): Steps<Dealt> {
  const { changes, skipped } = yield* endPause(entry, state, until);
  const resumed = { ...state, ...changes };
  const first = nextDueAt(entry, resumed);
  if (first > now) return { runs: [], skipped, changes };
  const dealt = yield* decideOccurrences(entry, resumed, now, first);
  return { runs: dealt.runs, skipped: [...skipped, ...dealt.skipped], changes: { ...changes, ...dealt.changes } };
}

/**
 * Ends the pause of an entry at `end` (epoch milliseconds). Every occurrence before it is dealt with: the
 * occurrences of the pause are skipped, never caught up.
 */
export function* endPause({ schedule }: Entry, state: EntryState, end: number): Steps<Omit<Dealt, 'runs'>> {
  const first = nextAfter(schedule, cursor(state));
  if (first >= end) return { skipped: [], changes: { pause: undefined } };
  const paused = { reason: 'paused', ...(yield* stretch(schedule, first, end)) } as const;
  return { skipped: [paused], changes: { pause: undefined, dueAt: paused.last } };
}

/** The runs that count as running at `now` (epoch milliseconds): not older than `maxRuntime`. */
export function stillRunning(
  entry: Entry,
  { running = [] }: Pick<EntryState, 'running'>,
  now: number,
): readonly RunningRun[] {
  return running.filter(({ sentAt }) => endsBy(entry, sentAt) > now);
}

/**
 * Limits runs by the overlap policy. If runs may overlap, the oldest are published, at most as many as one commit may
 * contain. Otherwise a single run is published: the newest, or with `queue` the oldest that the catch-up policy
 * publishes; the others follow when it has ended.
 */
function limitRuns(decision: Decision, now: number): Decision | Wait {
  const { entry, before, runs, skipped, changes } = decision;
  const { overlap = 'allow' } = entry;
  if (runs.length === 0) return decision;
  // Most decisions have one run, and need no limit.
  if (overlap === 'allow') {
    return runs.length > 1 ? publishOldest(decision, runsAtOnce(entry)) : decision;
  }
  const running = stillRunning(entry, before, now);
  const isFree = running.length === 0;
  if (overlap === 'queue' && !isFree) {
    return { waitUntil: Math.max(...running.map(({ sentAt }) => endsBy(entry, sentAt))) };
  }
  if (overlap === 'skip' && !isFree) {
    const all = [...skipped, overlapping(runs)];
    return { ...decision, runs: [], skipped: all, changes: { ...changes, running } };
  }
  const single = overlap === 'queue' ? publishOldest(decision, 1) : publishNewest(decision);
  const limited = { ...single, changes: { ...single.changes, running: [] } };
  return isFree ? limited : { ...limited, cancel: running };
}

function publishNewest(decision: Decision): Decision {
  const { runs, skipped } = decision;
  if (runs.length === 1) return decision;
  const older = overlapping(runs.slice(0, -1));
  return { ...decision, runs: runs.slice(-1), skipped: [...skipped, older] };
}

/** Publishes the oldest `count` runs. Later occurrences stay due, and requests to skip some of them stay in force. */
function publishOldest(decision: Decision, count: number): Decision {
  const { before, runs, skipped, changes } = decision;
  if (runs.length <= count) return decision;
  const oldest = runs.slice(0, count);
  const dueAt = oldest.at(-1)!;
  const asked = (before.skip ?? []).filter((at) => at > dueAt);
  return {
    ...decision,
    runs: oldest,
    skipped: skipped.filter(({ last }) => last < dueAt),
    changes: { ...changes, dueAt, skip: emptyToAbsent(asked) },
  };
}

function overlapping(instants: readonly number[]): Skip {
  const count = instants.length > COUNT_LIMIT ? null : instants.length;
  return { reason: 'overlap', first: instants[0]!, last: instants.at(-1)!, count };
}

function emptyToAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** Most runs of one entry in one commit: rendering, committing and reporting more would delay what is due next. */
const MOST = 500;

/** Most bytes in the messages of these runs, about: the leader holds them in memory at the same time. */
const MAX_BYTES = 2_000_000;

const known = new WeakMap<Entry, number>();

/** How many runs of an entry one commit publishes at most; the others follow in later ones. */
export function runsAtOnce(entry: Entry): number {
  let runs = known.get(entry);
  if (runs === undefined) {
    runs = Math.max(1, Math.min(MOST, Math.floor(MAX_BYTES / measureRun(entry))));
    known.set(entry, runs);
  }
  return runs;
}

/** The approximate size of the messages of one run, in bytes. */
export function measureRun({ args, kwargs, canvas }: Entry): number {
  return canvas ? measureCanvas(canvas) : measureJson([args, kwargs]);
}
