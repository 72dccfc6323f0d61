import type { Entry } from '../src/catalog/entry.ts';
import { taskIdOf } from '../src/message/task-id.ts';
import type { QueuedRun } from '../test/support/queues.ts';
import type { Evidence } from './evidence.ts';
import { judgeLeaders, type LeaderFigures } from './leaders.ts';
import { Testimony, unjust } from './testimony.ts';

/**
 * What must not be. `lost`: neither sent nor skipped for a reason, or told as sent and not there.
 * `doubled`: sent more than once. `wrong`: sent or skipped, and not an occurrence of the schedule, or not
 * for the reason told. `leaders`: a write of one leader after those of a newer one. `faults`: a process
 * that ended, hung or did not recover.
 */
export type Violations = Readonly<
  Record<'lost' | 'doubled' | 'wrong' | 'leaders' | 'faults', string[]>
>;

export interface Figures extends LeaderFigures {
  readonly sent: number;
  /** Occurrences that were not sent, told with their reason. */
  readonly skipped: number;
  /** Not sent by their policy, but whoever decided it died before it could tell. */
  readonly untold: number;
  /** Runs that stand in a queue again under the same id, where that may be. */
  readonly repeated: number;
}

export interface Verdict {
  readonly violations: Violations;
  readonly figures: Figures;
}

/** Holds what was sent and told against what the schedules say. */
export function judge(evidence: Evidence): Verdict {
  const { leaders, figures } = judgeLeaders(evidence);
  const violations: Violations = {
    ...{ lost: [], doubled: [], wrong: [], leaders },
    faults: [...evidence.faults],
  };
  const counts = { sent: 0, skipped: 0, untold: 0, repeated: 0 };
  const queued = Map.groupBy(evidence.queues.flat(), ({ entry }) => entry);
  const testimony = new Testimony(evidence);
  for (const entry of evidence.entries) {
    const found = judgeEntry(entry, queued.get(entry.name) ?? [], testimony, evidence, violations);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += found[name];
  }
  const ids = new Set(evidence.queues.flat().map(({ id }) => id));
  for (const [id, { entry }] of testimony.sent) {
    if (!ids.has(id))
      violations.lost.push(`${entry}: ${id} was told as sent, and is not in its queue`);
  }
  return { violations, figures: { ...counts, ...figures } };
}

function judgeEntry(
  entry: Entry,
  queued: readonly QueuedRun[],
  testimony: Testimony,
  { records, calmAt, repeats, keyPrefix }: Evidence,
  { lost, doubled, wrong }: Violations,
) {
  const record = records.get(entry.name);
  const counts = { sent: queued.length, skipped: 0, untold: 0, repeated: 0 };
  if (!record) {
    lost.push(`${entry.name}: has no record`);
    return counts;
  }
  const dealtWith = record.dueAt ?? record.anchor;
  const due = new Set(dueIn(entry, record.anchor, Math.max(dealtWith, calmAt)));
  const runs = Map.groupBy(queued, ({ dueAt }) => dueAt);
  const say = (at: number, what: string) => `${entry.name} ${new Date(at).toISOString()}: ${what}`;

  for (const [at, same] of runs) {
    if (!due.has(at)) wrong.push(say(at, 'sent, and not an instant of its schedule'));
    if (at > dealtWith) wrong.push(say(at, 'sent, and not in the ledger'));
    const id = taskIdOf(entry.name, at, keyPrefix);
    if (same.some((run) => run.id !== id)) wrong.push(say(at, 'sent under the id of another run'));
    if (same.length > 1 && !repeats) doubled.push(say(at, `sent ${same.length} times`));
    if (repeats) counts.repeated += same.length - 1;
  }
  const skips = testimony.skipsOf(entry.name);
  for (const at of due) {
    const told = skips.some(({ first, last }) => first <= at && at <= last);
    if (runs.has(at)) {
      if (told) wrong.push(say(at, 'sent, and told as skipped'));
    } else if (told) counts.skipped += 1;
    else if (at > dealtWith) lost.push(say(at, 'never dealt with'));
    else if (testimony.excuses(entry, at, [...runs.keys()])) counts.untold += 1;
    else lost.push(say(at, 'not sent, and nobody said why'));
  }
  for (const skip of skips) {
    const why = unjust(entry, skip);
    if (why) wrong.push(say(skip.first, why));
  }
  if (record.runCount !== runs.size) {
    wrong.push(`${entry.name}: ${runs.size} runs, and a run count of ${record.runCount}`);
  }
  // Whoever saw it first wrote it down before telling that they schedule.
  if (record.anchor > testimony.firstBegun) {
    wrong.push(say(record.anchor, 'counts from later than it was first seen'));
  }
  return counts;
}

function dueIn(entry: Entry, after: number, until: number): number[] {
  const found: number[] = [];
  for (let at = next(entry, after); at <= until; at = next(entry, at)) found.push(at);
  return found;
}

function next(entry: Entry, after: number): number {
  return entry.schedule.next(new Date(after))?.getTime() ?? Infinity;
}
