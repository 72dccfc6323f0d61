import { describeSkipReason, type SkipReason } from '../../celery/message/skip-reasons.ts';
import type { Entry } from '../../entries/catalog/entry.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { firstFrom, newestFrom } from '../../schedule/range.ts';
import { formatDuration } from '../../util/format-duration.ts';
import type { Steps } from '../../util/steps.ts';
import { cursor } from '../../entries/planning/next-due.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import type { ReadRow, SkipRow } from '../../contracts/store/history.ts';
import { joinRuns, type RunHistory } from './join-runs.ts';

/** What became of one occurrence. Instants are epoch milliseconds. */
export type Account =
  | { readonly kind: 'published'; readonly run: RunHistory }
  /** The schedule published two runs of this instant. */
  | { readonly kind: 'published-twice'; readonly runs: readonly RunHistory[] }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly skip: SkipRow }
  /** It is due, and the leader has not dealt with it yet; or the entry is paused. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'not-yet-due' }
  /** It is older than the history. */
  | { readonly kind: 'before-history' }
  /** The history should contain it, but does not. */
  | { readonly kind: 'unaccounted' };

export interface AccountedOccurrence {
  readonly dueAt: number;
  readonly account: Account;
}

/** The occurrences in `[from, to)` and the present, epoch milliseconds. */
export type AuditPeriod = Readonly<Record<'from' | 'to' | 'now', number>>;

/** An entry with its state and its rows, newest first. */
export interface Recorded {
  readonly entry: Entry;
  /** `null` for an entry that no instance has scheduled yet. */
  readonly state: EntryState | null;
  readonly rows: readonly ReadRow[];
  /** Whether the store has no older rows than these. */
  readonly isComplete: boolean;
}

/** When the present schedule came into force: nothing is expected until then. `Infinity` if it is not scheduled. */
export function scheduledSince({ entry, state }: Pick<Recorded, 'entry' | 'state'>): number {
  if (!entry.enabled || state?.spec !== entry.schedule.spec) return Infinity;
  return state.anchor;
}

/** The instant since which the rows account for every occurrence; `-Infinity` if they account for all. */
export function recordedSince({ rows, isComplete }: Pick<Recorded, 'rows' | 'isComplete'>): number {
  if (isComplete && rows.findLast((row) => row.kind === 'run')?.number === 1) return -Infinity;
  const oldest = rows.findLast(isOfSchedule);
  if (!oldest) return Infinity;
  return oldest.kind === 'skip' ? oldest.first : oldest.dueAt;
}

/**
 * Every occurrence of an entry in `[from, to)`, oldest first, with its account at `now`: expected occurrences, and
 * occurrences with a run in the history. Leaves out runs of commands.
 */
export function* account(recorded: Recorded, { from, to, now }: AuditPeriod): Generator<AccountedOccurrence> {
  const { state, rows } = recorded;
  const items = joinRuns(rows);
  const runs = Map.groupBy(items.filter((item) => item.kind === 'run').filter(isOfSchedule), ({ dueAt }) => dueAt);
  const skips = items.filter((item) => item.kind === 'skip');
  const since = recordedSince(recorded);
  const done = state ? cursor(state) : -Infinity;
  const recordedInstants = [...runs.keys()].filter((at) => at >= from && at < to).toSorted((a, b) => a - b);
  for (const dueAt of merge(recordedInstants, expected(recorded, from, to))) {
    yield { dueAt, account: judge(runs.get(dueAt) ?? [], findSkip(skips, dueAt), dueAt, { since, done, now }) };
  }
}

/** The occurrences in `[from, to)` that the present schedule has. */
function* expected({ entry, state }: Recorded, from: number, to: number): Generator<number> {
  const since = scheduledSince({ entry, state });
  if (since === Infinity || !state) return;
  const { schedule } = entry;
  const first = firstFrom(schedule, cursor(state), Math.max(from, since + 1));
  for (let at = first; at < to; at = nextAfter(schedule, at)) yield at;
}

function judge(
  runs: readonly RunHistory[],
  skip: SkipRow | undefined,
  dueAt: number,
  { since, done, now }: { readonly since: number; readonly done: number; readonly now: number },
): Account {
  const [run] = runs;
  if (run && runs.length > 1) return { kind: 'published-twice', runs };
  const withdrawn = run?.withdrawn;
  if (withdrawn) return { kind: 'skipped', reason: withdrawn.reason, skip: withdrawn };
  if (run) return { kind: 'published', run };
  if (skip) return { kind: 'skipped', reason: skip.reason, skip };
  if (dueAt > done) return { kind: dueAt > now ? 'not-yet-due' : 'waiting' };
  return { kind: dueAt < since ? 'before-history' : 'unaccounted' };
}

/** The skip of one occurrence takes precedence over a stretch around it. */
function findSkip(skips: readonly SkipRow[], dueAt: number): SkipRow | undefined {
  const around = skips.filter(({ first, last }) => first <= dueAt && dueAt <= last);
  return around.find(({ first, last }) => first === last) ?? around[0];
}

function isOfSchedule(row: ReadRow): row is Extract<ReadRow, { kind: 'run' | 'skip' }> {
  if (row.kind === 'skip') return row.taskId === undefined;
  return row.kind === 'run' && (row.cause === 'schedule' || row.cause === 'catch-up');
}

/** Merges two ascending sequences, without repetitions. */
function* merge(first: readonly number[], second: Iterable<number>): Generator<number> {
  let i = 0;
  for (const at of second) {
    for (; i < first.length && first[i]! < at; i++) yield first[i]!;
    if (first[i] === at) i += 1;
    yield at;
  }
  yield* first.slice(i);
}

/** The newest `limit` occurrences up to `now` (epoch ms), oldest first, with what became of each. */
export function* accountNewest(recorded: Recorded, limit: number, now: number): Steps<readonly AccountedOccurrence[]> {
  const expected = yield* newestExpected(recorded, limit, now);
  const from = expected.length < limit ? -Infinity : expected[0]!;
  return [...account(recorded, { from, to: now + 1, now })].slice(-limit);
}

function* newestExpected(recorded: Recorded, limit: number, now: number): Steps<readonly number[]> {
  const { entry, state } = recorded;
  const { schedule } = entry;
  const since = scheduledSince(recorded);
  if (!state || since === Infinity) return [];
  // A schedule in a user's code may be unable to skip ahead.
  const canSkip = schedule.latest !== undefined || schedule.every !== undefined;
  const start = canSkip ? since + 1 : Math.max(since + 1, recordedSince(recorded));
  const first = firstFrom(schedule, cursor(state), start);
  return first > now ? [] : yield* newestFrom(schedule, first, now, limit);
}

export function describeAccount(account: Account): string {
  switch (account.kind) {
    case 'published': {
      const { run } = account;
      const late = `${formatDuration(run.sentAt - run.dueAt)} late`;
      const cause = run.cause === 'catch-up' ? ', caught up' : '';
      return `published ${late}${cause} by ${run.leader}: ${run.taskId}`;
    }
    case 'published-twice': {
      const ids = account.runs.map(({ taskId, term }) => `${taskId} in term ${term}`);
      return `PUBLISHED ${account.runs.length} TIMES: ${ids.join(', ')}`;
    }
    case 'skipped':
      return `skipped: ${describeSkipReason(account.reason)}`;
    case 'waiting':
      return 'due, and not yet dealt with: no leader, the entry is paused, or it waits for an earlier run';
    case 'not-yet-due':
      return 'not yet due';
    case 'before-history':
      return 'unknown: before the oldest row of the history';
    case 'unaccounted':
      return 'NOT ACCOUNTED FOR';
  }
}
