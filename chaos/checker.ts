import type { Entry } from '../src/entries/catalog/entry.ts';
import { computeTaskId } from '../src/celery/message/task-id.ts';
import type { QueuedRun } from '../test/support/queues.ts';
import type { History } from './history.ts';
import type { Violations } from './violations.ts';
import { checkAudit } from './audit-checker.ts';
import { CommandEffects } from './command-checker.ts';
import { checkLateness } from './lateness-checker.ts';
import { checkLeadership, type LeadershipFigures } from './leadership-checker.ts';
import { findOverlaps, isUnloggedOverlap } from './overlap-checker.ts';
import { checkSkip, LoggedDecisions } from './logged-decisions.ts';

export interface Figures extends LeadershipFigures {
  readonly sent: number;
  /** Runs that the simulated worker received. */
  readonly received: number;
  /** Occurrences that were logged as skipped. */
  readonly skipped: number;
  /** Occurrences that were skipped by their policy, by a process that ended before it could log it. */
  readonly unlogged: number;
  /** Commands that were applied, and that were rejected. */
  readonly applied: number;
  readonly rejected: number;
  /** How late the latest run was while hostile inputs were sent, milliseconds. */
  readonly latest: number;
  /** Further copies of a run under the same task id, where the environment allows them. */
  readonly repeated: number;
}

export interface CheckResult {
  readonly violations: Violations;
  readonly figures: Figures;
}

/** Compares what was published and logged with the schedules. */
export function checkHistory(history: History): CheckResult {
  const leadership = checkLeadership(history);
  const lateness = checkLateness(history);
  const effects = new CommandEffects(history);
  const all = history.queues.flat();
  const violations: Violations = {
    ...effects.checkRuns(all, history.mayRepeat),
    wrong: [],
    overlaps: [],
    commands: effects.violations,
    leaders: leadership.violations,
    late: lateness.violations,
    simulation: [],
    crashes: [...history.crashes],
  };
  const counts = { sent: 0, skipped: 0, unlogged: 0, repeated: 0 };
  const queued = Map.groupBy(all, ({ entry }) => entry);
  const logged = new LoggedDecisions(history);
  for (const entry of history.entries) {
    if (effects.wasRemoved(entry.name)) continue;
    const own = queued.get(entry.name) ?? [];
    const found = checkEntry(entry, own, logged, effects, history, violations);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += found[name];
  }
  for (const recorded of history.recorded) {
    if (effects.wasRemoved(recorded.entry.name)) continue;
    checkAudit(recorded, history, violations);
    violations.overlaps.push(...findOverlaps(recorded, history, logged));
  }
  const ids = new Set(all.map(({ id }) => id));
  for (const [id, { entry }] of logged.sent) {
    if (!ids.has(id)) violations.lost.push(`${entry}: ${id} is logged as published, and not in its queue`);
  }
  const received = history.tasks.size;
  return {
    violations,
    figures: { ...counts, received, latest: lateness.latest, ...effects.figures, ...leadership.figures },
  };
}

function checkEntry(
  entry: Entry,
  published: readonly QueuedRun[],
  logged: LoggedDecisions,
  effects: CommandEffects,
  { states, healedAt, mayRepeat, keyPrefix, recorded }: History,
  { lost, doubled, wrong }: Violations,
) {
  const state = states.get(entry.name);
  const rows = recorded.find((each) => each.entry.name === entry.name)?.rows ?? [];
  const queued = published.filter((run) => !effects.findCommand(run));
  const counts = { sent: published.length, skipped: 0, unlogged: 0, repeated: 0 };
  if (!state) {
    lost.push(`${entry.name}: has no state in the ledger`);
    return counts;
  }
  const dealtWith = state.dueAt ?? state.anchor;
  const due = new Set(findDue(entry, state.anchor, Math.max(dealtWith, healedAt)));
  const runs = Map.groupBy(queued, ({ dueAt }) => dueAt);
  const describe = (at: number, what: string) => `${entry.name} ${new Date(at).toISOString()}: ${what}`;

  for (const [at, same] of runs) {
    if (!due.has(at)) wrong.push(describe(at, 'published, but not an occurrence of its schedule'));
    if (at > dealtWith) wrong.push(describe(at, 'published, but not in the ledger'));
    const id = computeTaskId(entry.name, at, keyPrefix);
    if (same.some((run) => run.id !== id)) wrong.push(describe(at, 'published with the task id of another run'));
    if (same.length > 1 && !mayRepeat) doubled.push(describe(at, `published ${same.length} times`));
    if (mayRepeat) counts.repeated += same.length - 1;
  }
  const skips = logged.skips(entry.name);
  for (const at of due) {
    const isLogged = skips.some(({ first, last }) => first <= at && at <= last);
    if (runs.has(at)) {
      if (effects.mustSkip(entry.name, at)) {
        wrong.push(describe(at, 'published, although a command paused the entry or skipped it'));
      }
      if (isLogged) wrong.push(describe(at, 'published, and logged as skipped'));
    } else if (isLogged) counts.skipped += 1;
    else if (at > dealtWith) lost.push(describe(at, 'neither published nor skipped'));
    else if (
      effects.maySkip(entry.name, at) ||
      logged.mayBeUnloggedSkip(entry, at, [...runs.keys()]) ||
      isUnloggedOverlap(rows, at, logged)
    )
      counts.unlogged += 1;
    else lost.push(describe(at, 'not published, and not logged as skipped'));
  }
  for (const skip of skips) {
    const error = checkSkip(entry, skip);
    if (error) wrong.push(describe(skip.first, error));
  }
  const count = new Set(published.map(({ id }) => id)).size;
  if (state.runCount !== count) {
    wrong.push(`${entry.name}: ${count} runs, but a run count of ${state.runCount}`);
  }
  // A process stores the anchor before it logs that it schedules.
  if (!entry.stored && state.anchor > logged.firstScheduling) {
    wrong.push(describe(state.anchor, 'the anchor is later than the first log line'));
  }
  return counts;
}

function findDue(entry: Entry, after: number, until: number): number[] {
  const found: number[] = [];
  for (let at = findNext(entry, after); at <= until; at = findNext(entry, at)) found.push(at);
  return found;
}

function findNext(entry: Entry, after: number): number {
  return entry.schedule.next(new Date(after))?.getTime() ?? Infinity;
}
