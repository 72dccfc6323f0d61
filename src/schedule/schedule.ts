import type { Diagnostic } from '../util/diagnostic.ts';

/** A warning; `path` starts at the schedule. */
export type ScheduleWarning = Pick<Diagnostic, 'path' | 'message'>;

/**
 * A pure rule for instants: the same arguments always give the same result. Any object with `spec` and `next`
 * is a schedule, so users can provide their own.
 */
export interface Schedule {
  /**
   * Canonical text, equal for equal schedules and different for different ones (zone included). The
   * ledger stores it, so it is a persisted format: a changed text means that the user edited the schedule.
   */
  readonly spec: string;

  /** Returns the first instant strictly later than `after`, or `null` if there is none. */
  next(after: Date): Date | null;

  /**
   * Returns the newest instant in `(after, until]`, or `null`. Optional: without it, beat calls `next` for every
   * occurrence missed during a downtime, which may be millions.
   */
  latest?(after: Date, until: Date): Date | null;

  /** Milliseconds between occurrences that are counted from an anchor; absent from a rule with fixed instants. */
  readonly every?: number;

  /** Returns this schedule in an IANA zone, or itself if it has its own zone or needs none. */
  inZone?(timezone: string): Schedule;

  /** Returns this schedule for the entry with this name; only for schedules that depend on it (`H` in cron). */
  forEntry?(name: string): Schedule;

  /** The IANA zone of its fields; absent for rules without a zone, such as intervals. */
  readonly timezone?: string | undefined;

  /** Values that are valid but most likely a mistake; logged when a configuration is read. */
  readonly warnings?: readonly ScheduleWarning[] | undefined;

  /** The rule in English, for listings; by default `spec`. */
  readonly description?: string;

  /** Explains why an instant is or is not one of this schedule; absent from rules without fields. */
  explain?(at: Date): Explanation;
}

/** The fields of a schedule at one instant. */
export interface Explanation {
  /** The local time that the fields are compared with, and its zone. */
  readonly local: string;
  readonly fields: readonly FieldCheck[];
  /** Other facts, such as a clock change; one sentence each. */
  readonly notes: readonly string[];
}

/** Whether a field matches an instant. */
export interface FieldCheck {
  /** Such as `day of week`. */
  readonly field: string;
  /** Such as `1-5`. */
  readonly rule: string;
  /** Such as `6 (Saturday)`. */
  readonly value: string;
  readonly matches: boolean;
}
