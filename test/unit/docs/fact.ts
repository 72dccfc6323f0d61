/** The evidence for a row of docs/celery.md. */
export interface Fact {
  /** A valid value in beat or in Celery. */
  readonly example?: unknown;
  /** For a family of settings: one of them; for a field: what it requires. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Values that are errors. */
  readonly rejects?: readonly unknown[];
  /** The test of the row's statement. Rows without one are tested by this page's own test. */
  readonly test?: string;
}

/** The facts of one table, by the names in its first column. */
export type Facts = Readonly<Record<string, Fact>>;
