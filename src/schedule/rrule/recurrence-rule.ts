/** From the longest period to the shortest. */
export const FREQUENCIES = [
  'YEARLY',
  'MONTHLY',
  'WEEKLY',
  'DAILY',
  'HOURLY',
  'MINUTELY',
  'SECONDLY',
] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** `nth` is absent for every such weekday; negative from the end of the period. */
export interface RuleDay {
  readonly weekday: number;
  readonly nth?: number | undefined;
}

/** A recurrence rule of RFC 5545. Lists are sorted; an empty one does not limit. */
export interface RecurrenceRule {
  readonly freq: Frequency;
  readonly interval: number;
  readonly count?: number | undefined;
  /** As it is written: `20301231T080000Z`, or local time without `Z`. */
  readonly until?: string | undefined;
  readonly months: readonly number[];
  readonly weekNumbers: readonly number[];
  readonly yearDays: readonly number[];
  readonly monthDays: readonly number[];
  readonly days: readonly RuleDay[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  readonly positions: readonly number[];
  /** Monday is 0. */
  readonly weekStart: number;
}
