import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { RunCause } from '../../celery/message/run.ts';
import type { OutcomeRow, SkipRow } from '../../contracts/store/history.ts';
import type { Unreadable } from '../../contracts/store/unreadable.ts';
import type { HistoryItem, RunHistory } from './join-runs.ts';

/** What happened to an entry, as users see it. Instants are ISO 8601 in UTC, durations are milliseconds. */
export type HistoryView = RunView | SkipView | UnreadableView;

/** A row that is damaged, or that another program wrote. */
export interface UnreadableView extends Unreadable {
  readonly entry: string;
}

/** A run. */
export interface RunView {
  readonly kind: 'run';
  readonly entry: string;
  readonly dueAt: string;
  readonly sentAt: string;
  readonly latenessMs: number;
  readonly cause: RunCause;
  readonly task: string;
  readonly taskId: string;
  readonly queue: string;
  /** The origin of its messages, `gen<pid>@<host>`. */
  readonly leader: string;
  readonly term: number;
  /** 1 for the first run of the entry. */
  readonly number: number;
  /** The id of the command that asked for it; `null` for a run of the schedule. */
  readonly command: string | null;
  /** Why no queue has received it, although it was committed; `null` for every other run. */
  readonly withdrawn: SkipReason | null;
  /** How its task ended; `null` while that is unknown. */
  readonly outcome: {
    readonly state: OutcomeRow['state'];
    readonly doneAt: string;
    readonly runtimeMs: number | null;
    readonly worker: string | null;
    readonly error: string | null;
  } | null;
}

/** A stretch of occurrences that are never published. */
export interface SkipView {
  readonly kind: 'skip';
  readonly entry: string;
  readonly first: string;
  readonly last: string;
  /** `null` if there are very many. */
  readonly count: number | null;
  readonly reason: SkipReason;
  /** When it was decided. */
  readonly at: string;
  readonly term: number;
}

export function viewItem(entry: string, item: HistoryItem): HistoryView {
  if (item.kind === 'unreadable') return { entry, ...item };
  return item.kind === 'run' ? viewRun(entry, item) : viewSkip(entry, item);
}

export function viewRun(entry: string, run: RunHistory): RunView {
  const { outcome, withdrawn } = run;
  return {
    kind: 'run',
    entry,
    dueAt: iso(run.dueAt),
    sentAt: iso(run.sentAt),
    latenessMs: run.sentAt - run.dueAt,
    cause: run.cause,
    task: run.task,
    taskId: run.taskId,
    queue: run.queue,
    leader: run.leader,
    term: run.term,
    number: run.number,
    command: run.command ?? null,
    withdrawn: withdrawn?.reason ?? null,
    outcome: outcome && {
      state: outcome.state,
      doneAt: iso(outcome.doneAt),
      runtimeMs: outcome.runtime,
      worker: outcome.worker,
      error: outcome.error,
    },
  };
}

export function viewSkip(
  entry: string,
  { first, last, count, reason, at, term }: SkipRow,
): SkipView {
  return {
    ...{
      kind: 'skip',
      entry,
      first: iso(first),
      last: iso(last),
      count,
      reason,
      at: iso(at),
      term,
    },
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
