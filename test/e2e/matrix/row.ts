import type { BeatConfig } from 'celery-beat';

type EntryConfig = NonNullable<BeatConfig['beatSchedule']>[string];

/** Where a row is played: one real worker on one broker. */
export interface Cell {
  readonly broker: 'Redis' | 'RabbitMQ';
  /** Which of the two Celery versions, and its number. */
  readonly celery: 'old' | 'new';
  readonly version: string;
}

/**
 * What is compared with one run: every field given here must be there, and be the same, or match if it is
 * a regular expression. `etaIn` and `expiresIn` are milliseconds after sending, `etaAt` and `expiresAt` ISO
 * 8601 in UTC; `root` and `correlation` are `itself` where they are the task's own id.
 */
export type Seen = Readonly<Record<string, unknown>>;

/**
 * One entry of a config, and what is right: what each task of it that a worker ran saw, and what stands in
 * the result backend under the id that beat logged. Every signature carries its row: `kwargs: {row: NAME}`.
 */
export interface Row {
  /** Also the name of the entry. */
  readonly name: string;
  /** Its schedule is the table's; `kwargs.row` is put into it unless it is a signature. */
  readonly entry: Omit<EntryConfig, 'schedule'>;
  /** Under which settings it is sent: a key of `SETTINGS`. Default `common`. */
  readonly settings?: string;
  /** One for each run of a task, in any order. Default: one, with nothing remarkable. */
  readonly runs?: readonly Seen[] | ((cell: Cell) => readonly Seen[]);
  /** What the result backend holds for the id that beat logged, `undefined` for nothing; left out, nobody looks. */
  readonly result?: unknown;
  /** Why this cell cannot play it. */
  readonly not?: (cell: Cell) => string | false;
}
