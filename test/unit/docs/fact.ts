/** What backs a row of docs/celery.md. */
export interface Fact {
  /** A value that the row's name may have, or would have in Celery. */
  readonly example?: unknown;
  /** Of a family: one setting of it. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Values for which it is an error. */
  readonly refuses?: readonly unknown[];
  /** Where the promise of the row is tested. Rows that promise nothing are tested by this page's own test. */
  readonly test?: string;
}

/** Of one table, by the names in its first column. */
export type Facts = Readonly<Record<string, Fact>>;
