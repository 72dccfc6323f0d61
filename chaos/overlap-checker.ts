import { endsBy, type Entry, limitsOverlap } from '../src/entries/catalog/entry.ts';
import type { Recorded } from '../src/read-models/history/account.ts';
import type { ReadRow } from '../src/contracts/store/history.ts';
import type { History } from './history.ts';
import type { LoggedDecisions } from './logged-decisions.ts';

type RunRow = Extract<ReadRow, { kind: 'run' }>;
type SkipRow = Extract<ReadRow, { kind: 'skip' }>;

/** How much later than a run the worker may receive the revoke of another, over a connection of its own. Milliseconds. */
const REVOKE_DELAY = 250;
/** How long after a server's fault the worker may not be subscribed. Milliseconds. */
const RESUBSCRIBED_WITHIN = 1_000;
/** How long before it skips an occurrence the leader may have read the outcome of the run in its way. Milliseconds. */
const READ_BEFORE = 1_000;
/** How long after it planned a commit a process may end without the log line about it. Milliseconds. */
const UNLOGGED_WITHIN = 5_000;

/**
 * Finds runs of an entry that were published while an earlier one was running, by the record of the worker, and
 * occurrences that were skipped although none was. A run counts as running until its outcome is stored, or
 * for `maxRuntime`. Runs that commands asked for are not limited.
 */
export function findOverlaps({ entry, rows }: Recorded, history: History, logged: LoggedDecisions): string[] {
  if (!limitsOverlap(entry)) return [];
  const runs = rows.filter((row) => row.kind === 'run').toReversed();
  const skips = rows.filter(isOverlapSkip);
  const check = new OverlapCheck(entry, runs, history, logged);
  return [...check.findEarly(), ...check.findNeedless(skips)];
}

/**
 * Whether a process skipped an occurrence because of another run, and may have ended before it could log that: the history
 * has the skip, from the same commit as the state.
 */
export function isUnloggedOverlap(rows: readonly ReadRow[], dueAt: number, logged: LoggedDecisions): boolean {
  return rows
    .filter(isOverlapSkip)
    .some(({ first, last, at }) => first <= dueAt && dueAt <= last && logged.isUncertain(at, at + UNLOGGED_WITHIN));
}

function isOverlapSkip(row: ReadRow): row is SkipRow {
  return row.kind === 'skip' && row.reason === 'overlap';
}

class OverlapCheck {
  readonly #entry: Entry;
  /** In the order in which they were committed. */
  readonly #runs: readonly RunRow[];
  readonly #history: History;
  readonly #logged: LoggedDecisions;

  constructor(entry: Entry, runs: readonly RunRow[], history: History, logged: LoggedDecisions) {
    this.#entry = entry;
    this.#runs = runs;
    this.#history = history;
    this.#logged = logged;
  }

  /** Runs that were published too early. */
  findEarly(): string[] {
    return this.#runs.flatMap((run, i) => {
      if (run.cause !== 'schedule' && run.cause !== 'catch-up') return [];
      const open = this.#runs.slice(0, i).filter((other) => this.#isRunning(other, run.sentAt));
      const early = open.filter((other) => !this.#isReplaced(other, run));
      const instant = new Date(run.dueAt).toISOString();
      const done = this.#entry.overlap === 'cancel' ? 'was not revoked' : 'was running';
      return early.map(({ taskId }) => `${this.#entry.name} ${instant}: published while ${taskId} ${done}`);
    });
  }

  /** Occurrences that were skipped for a run that was not running. */
  findNeedless(skips: readonly SkipRow[]): string[] {
    const { name, overlap, schedule } = this.#entry;
    return skips.flatMap(({ first, last, at }) => {
      const next = schedule.next(new Date(last))?.getTime() ?? Infinity;
      const isNeeded =
        (overlap !== 'queue' && next <= at) ||
        (overlap === 'skip' && this.#runs.some((run) => this.#mayBlock(run, first, at)));
      const instant = new Date(first).toISOString();
      return isNeeded ? [] : [`${name} ${instant}: skipped, although no run was running`];
    });
  }

  #isRunning({ taskId, sentAt }: RunRow, at: number): boolean {
    const endedAt = this.#history.tasks.get(taskId)?.endedAt ?? Infinity;
    return Math.min(endedAt, endsBy(this.#entry, sentAt)) > at;
  }

  /** Whether workers were asked to end a run before the other one was published. */
  #isReplaced({ taskId }: RunRow, next: RunRow): boolean {
    if (this.#entry.overlap !== 'cancel') return false;
    const { revoked, tasks, faults } = this.#history;
    const receivedAt = tasks.get(next.taskId)?.receivedAt ?? Infinity;
    if ((revoked.get(taskId) ?? Infinity) <= receivedAt + REVOKE_DELAY) return true;
    return faults.some(
      ({ slot, from, to }) => slot === null && from <= receivedAt && to + RESUBSCRIBED_WITHIN >= next.sentAt,
    );
  }

  /** Whether the leader may have had no outcome of the run when it skipped an occurrence. */
  #mayBlock({ taskId, sentAt }: RunRow, dueAt: number, skippedAt: number): boolean {
    if (sentAt > skippedAt || endsBy(this.#entry, sentAt) <= dueAt) return false;
    const storedAt = this.#history.tasks.get(taskId)?.storedAt ?? Infinity;
    return storedAt > dueAt - READ_BEFORE || this.#logged.isUncertain(storedAt, skippedAt);
  }
}
