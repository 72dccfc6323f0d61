import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { RunCause } from '../../celery/message/run.ts';

/**
 * What happened to an entry. Stores hold rows as JSON texts, in the order in which they were appended; a row is never
 * changed. Readers keep unknown fields of a row, and leave out rows of unknown kinds, which a later release wrote.
 * Instants are epoch milliseconds.
 */
export type HistoryRow = RunRow | SkipRow | OutcomeRow;

/** A run was committed: its messages were published, or wait in the outbox. */
export interface RunRow {
  readonly kind: 'run';
  /** The nominal instant. */
  readonly dueAt: number;
  /** When its messages were rendered, by the leader's clock. */
  readonly sentAt: number;
  readonly cause: RunCause;
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  readonly task: string;
  /** The queue of the first message, or its exchange if the message names no queue. */
  readonly queue: string;
  /** The fencing token of the leader's term. */
  readonly term: number;
  /** The leader: `gen<pid>@<host>`, the origin of its messages. */
  readonly leader: string;
  /** The entry's run count with this run: 1 for its first. A gap in the numbers means that rows are missing. */
  readonly number: number;
  /** The id of the command that asked for it; absent for `schedule` and `catch-up`. */
  readonly command?: string;
}

/** A stretch of occurrences that are never published. */
export interface SkipRow {
  readonly kind: 'skip';
  readonly first: number;
  readonly last: number;
  /** How many occurrences; `null` if there are very many. */
  readonly count: number | null;
  readonly reason: SkipReason;
  /** When it was decided, by the leader's clock. */
  readonly at: number;
  readonly term: number;
  /**
   * The task id of the withdrawn run of occurrence `first`: an earlier row has the run, but no queue has received it.
   */
  readonly taskId?: string;
}

/** How the task of a run ended. Repeated rows of one task id are one outcome. */
export interface OutcomeRow {
  readonly kind: 'outcome';
  readonly taskId: string;
  readonly dueAt: number;
  /** Celery's state of the task. */
  readonly state: 'SUCCESS' | 'FAILURE' | 'REVOKED' | (string & {});
  readonly doneAt: number;
  /** Milliseconds; `null` if unknown. */
  readonly runtimeMs: number | null;
  readonly worker: string | null;
  /** The text of the exception; `null` unless it failed. */
  readonly error: string | null;
}
