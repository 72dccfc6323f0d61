import type { RecurrenceRule } from '../rrule/recurrence-rule.ts';
import type { Zone } from '../zone/zone.ts';

/** An event of a calendar file. Local times are in milliseconds as if they were UTC. */
export interface CalendarEvent {
  /** Its title, for people. */
  readonly title: string;
  /** The local time at which it begins first. */
  readonly start: number;
  readonly length: EventLength;
  /** The zone of its local times; `null` for that of the schedule, as of days and of times without a zone. */
  readonly zone: Zone | null;
  /** How it recurs; absent from an event that happens once. */
  readonly rule?: RecurrenceRule | undefined;
  /** Local times at which it begins too, sorted. */
  readonly added: readonly number[];
  /** Local times at which it does not begin, though the rule has them. */
  readonly removed: ReadonlySet<number>;
  /** Days on which it does not begin: local times of midnight. */
  readonly removedDays: ReadonlySet<number>;
}

/** How long an event lasts: calendar days, which may have 23 or 25 hours, and then elapsed time. */
export interface EventLength {
  readonly days: number;
  /** Milliseconds. */
  readonly elapsed: number;
}
