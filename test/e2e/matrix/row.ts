import type { BeatConfig } from 'celery-beat';

type EntryConfig = NonNullable<BeatConfig['beatSchedule']>[string];

/** Where a row runs: one real worker on one broker. */
export interface Cell {
  readonly broker: 'Redis' | 'RabbitMQ' | 'SQS' | 'MongoDB';
  /** One of the two Celery installations, and its version. */
  readonly celery: 'old' | 'new';
  readonly version: string;
}

/**
 * The expectation for one run: every field given here must be present and equal, or match if it is
 * a regular expression. `etaIn` and `expiresIn` are milliseconds after sending, `etaAt` and `expiresAt` ISO
 * 8601 in UTC; `root` and `correlation` are `itself` where they are the task's own id.
 */
export type Seen = Readonly<Record<string, unknown>>;

/**
 * One entry of a configuration with its expectations: the request of each task that ran, and the result in
 * the result backend under the id that beat logged. Every signature carries its row: `kwargs: {row: NAME}`.
 */
export interface Row {
  /** The name of the row and of its entry. */
  readonly name: string;
  /** The entry without its schedule, which the table sets; `kwargs.row` is added unless it is a signature. */
  readonly entry: Omit<EntryConfig, 'schedule'>;
  /** The settings under which it is sent: a key of `SETTINGS`. Default `common`. */
  readonly settings?: string;
  /** One expectation for each run of a task, in any order. Default: one without special fields. */
  readonly runs?: readonly Seen[] | ((cell: Cell) => readonly Seen[]);
  /** The result under the id that beat logged, `undefined` for none; not checked if absent. */
  readonly result?: unknown;
  /** Why this cell cannot run the row. */
  readonly not?: (cell: Cell) => string | false;
}
