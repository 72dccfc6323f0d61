import type { Diagnostic } from '../util/diagnostic.ts';

/** A warning; `path` starts at the schedule. */
export type ScheduleWarning = Pick<Diagnostic, 'path' | 'message'>;

/**
 * A pure rule for instants. It knows no clock, no entry and no history: the same question always has
 * the same answer. Anything with `spec` and `next` is a schedule, so users may bring their own.
 */
export interface Schedule {
  /**
   * Canonical text, equal for equal schedules and different for different ones (zone included). The
   * ledger stores it, so it is a persisted format: a changed text means that the user edited the schedule.
   */
  readonly spec: string;

  /** The first instant strictly later than `after`; `null` when there is none, ever. */
  next(after: Date): Date | null;

  /**
   * The newest instant in `(after, until]`, or `null`. Asked after a down-time, when walking there with
   * `next` could take millions of steps. Left out, beat walks.
   */
  latest?(after: Date, until: Date): Date | null;

  /** This schedule in an IANA zone, unless it has one of its own or needs none (then itself). */
  inZone?(timezone: string): Schedule;

  /** This schedule for the entry of a name, where it depends on that (`H` in cron); else left out. */
  forEntry?(name: string): Schedule;

  /** The IANA zone that its fields are read in; absent where the rule has none (an interval). */
  readonly timezone?: string | undefined;

  /** Values that are valid but most likely a mistake; logged when a configuration is read. */
  readonly warnings?: readonly ScheduleWarning[];

  /** The rule in plain words, for listings. Left out, `spec` is shown. */
  readonly words?: string;
}
