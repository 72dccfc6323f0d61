import { viewOutcome } from '../status/entry-status.ts';
import type { SkipRow } from '../../contracts/store/history.ts';
import { formatIso, formatIsoOrNull } from '../../util/format-iso.ts';
import type { Account, AccountedOccurrence } from './account.ts';
import type { LoadedWhy, Why } from './explain.ts';
import type { HistoryItem, RunHistory } from './join-runs.ts';
import type { HistoryView, NearView, OccurrenceView, RecordedView, RunView, SkipView, WhyView } from './shapes.ts';

export function viewItem(entry: string, item: HistoryItem): HistoryView {
  if (item.kind === 'unreadable') return { entry, ...item };
  return item.kind === 'run' ? viewRun(entry, item) : viewSkip(entry, item);
}

function viewRun(entry: string, run: RunHistory): RunView {
  const { kind, dueAt, sentAt, cause, task, taskId, queue, leader, term, number } = run;
  return {
    kind,
    entry,
    dueAt: formatIso(dueAt),
    sentAt: formatIso(sentAt),
    latenessMs: sentAt - dueAt,
    cause,
    task,
    taskId,
    queue,
    leader,
    term,
    number,
    command: run.command ?? null,
    withdrawn: run.withdrawn?.reason ?? null,
    outcome: run.outcome && viewOutcome(run.outcome),
  };
}

function viewSkip(entry: string, { kind, first, last, count, reason, at, term }: SkipRow): SkipView {
  return { kind, entry, first: formatIso(first), last: formatIso(last), count, reason, at: formatIso(at), term };
}

export function viewOccurrence(entry: string, { dueAt, account }: AccountedOccurrence): OccurrenceView {
  return {
    entry,
    dueAt: formatIso(dueAt),
    status: account.kind,
    ...(account.kind === 'skipped' && { reason: account.reason }),
    ...viewRecorded(entry, account),
  };
}

/** Why an entry was or was not due at an instant; `schedule` is its rule in words. */
export function viewWhy(entry: string, schedule: string, { found, before, after }: LoadedWhy): WhyView {
  const { at, isDue, fields, previous, next, account, reasons } = found;
  return {
    entry,
    at: formatIso(at),
    isDue,
    schedule,
    reasons,
    fields,
    previous: formatIsoOrNull(previous),
    next: formatIsoOrNull(next),
    status: account?.kind ?? 'not-due',
    ...(before && { before: viewNear(before) }),
    ...(after && { after: viewNear(after) }),
    ...(account && viewRecorded(entry, account)),
  };
}

function viewNear({ at, account, reasons }: Why): NearView {
  return { at: formatIso(at), status: account?.kind ?? 'not-due', reasons };
}

function viewRecorded(entry: string, account: Account): RecordedView {
  if (account.kind === 'published') return { run: viewRun(entry, account.run) };
  if (account.kind === 'published-twice') return { runs: account.runs.map((run) => viewRun(entry, run)) };
  return account.kind === 'skipped' ? { skip: viewSkip(entry, account.skip) } : {};
}
