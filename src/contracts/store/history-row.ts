import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import type { RunCause } from '../../celery/message/run.ts';
import { isCount, isInstant, isNumber, isText, mapOf, oneOf, optional, orNull } from './record-fields.ts';
import type { Check, Checked } from './record-fields.ts';

/**
 * What happened to an entry. Stores hold rows as JSON texts, in the order in which they were appended; a row is never
 * changed. Readers keep unknown fields of a row, and leave out rows of unknown kinds, which a later release wrote.
 * Instants are epoch milliseconds.
 */
export type HistoryRow = RunRow | SkipRow | OutcomeRow;

/** A run was committed: its messages were published, or wait in the outbox. */
export type RunRow = Checked<typeof isRunRow>;
const isRunRow = mapOf({
  kind: oneOf('run'),
  /** The nominal instant. */
  dueAt: isInstant,
  /** When its messages were rendered, by the leader's clock. */
  sentAt: isInstant,
  cause: isText as Check<RunCause>,
  /** The id under which the result of the run is found. */
  taskId: isText,
  task: isText,
  /** The queue of the first message, or its exchange if the message names no queue. */
  queue: isText,
  /** The fencing token of the leader's term. */
  term: isCount,
  /** The leader: `gen<pid>@<host>`, the origin of its messages. */
  leader: isText,
  /** The entry's run count with this run: 1 for its first. A gap in the numbers means that rows are missing. */
  number: isCount,
  /** The id of the command that asked for it; absent for `schedule` and `catch-up`. */
  command: optional(isText),
});

/** A stretch of occurrences that are never published. */
export type SkipRow = Checked<typeof isSkipRow>;
const isSkipRow = mapOf({
  kind: oneOf('skip'),
  first: isInstant,
  last: isInstant,
  /** How many occurrences; `null` if there are very many. */
  count: orNull(isCount),
  reason: isText as Check<SkipReason>,
  /** When it was decided, by the leader's clock. */
  at: isInstant,
  term: isCount,
  /**
   * The task id of the withdrawn run of occurrence `first`: an earlier row has the run, but no queue has received it.
   */
  taskId: optional(isText),
});

/** How the task of a run ended. Repeated rows of one task id are one outcome. */
export type OutcomeRow = Checked<typeof isOutcomeRow>;
const isOutcomeRow = mapOf({
  kind: oneOf('outcome'),
  taskId: isText,
  dueAt: isInstant,
  /** Celery's state of the task, such as `SUCCESS`, `FAILURE` or `REVOKED`. */
  state: isText,
  doneAt: isInstant,
  /** Milliseconds; `null` if unknown. */
  runtimeMs: orNull(isNumber),
  worker: orNull(isText),
  /** The text of the exception; `null` unless it failed. */
  error: orNull(isText),
});

export const ROW_CHECKS: Readonly<Record<string, Check<HistoryRow>>> = {
  run: isRunRow,
  skip: isSkipRow,
  outcome: isOutcomeRow,
};
