/**
 * Rules for calendar schedules when the clocks of a zone change.
 *
 * Local time has gaps and overlaps. When clocks go forward there is a gap: in New York on 9 March 2025,
 * 03:00:00 follows 01:59:59, and 02:30 does not exist. When clocks go back there is an overlap: on
 * 2 November 2025 every time from 01:00 to 01:59 occurs twice, an hour apart. The expression decides:
 *
 * - **Elapsed time.** The minute or hour field has `*`, a range or a step, as in "every 20 minutes" or
 *   "each full hour from 1 to 3". The distance between runs counts. The schedule is due whenever the
 *   clocks show a matching time: in both passes of an overlap, and never in a gap.
 * - **Fixed times.** All other expressions, such as "at 02:30" or "at 01:00 and 13:00". Each run counts.
 *   Every time is due exactly once: in the first pass of an overlap, and for all times in a gap once, at
 *   the first instant after the gap.
 *
 * The seconds of a six-field expression do not matter for this decision.
 *
 * The code does not assume that a change is an hour, is at night, or happens twice a year: Lord Howe
 * changes by 30 minutes, Troll by two hours, Santiago skips midnight, and Samoa had no 30 December 2011.
 * It assumes that two offsets differ by less than two days (SLACK); on Earth the maximum is 26 hours.
 *
 * A local time is in milliseconds as if it were UTC.
 */
import { DAY } from '../instants.ts';
import type { Zone } from '../zone/zone.ts';

/** Matching local times, as `Calendar` and `Recurrence` find them. */
export interface LocalTimes {
  /** Returns the first matching local time at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null;
  /** The years of the times; absent if they are not limited. */
  readonly years?: readonly number[] | undefined;
}

const SLACK = 2 * DAY;

/** From this year on every zone has fixed yearly rules or none: the longest tables (Morocco, Gaza) end in 2087. */
const SETTLED = Date.UTC(2100, 0);

/**
 * With yearly rules, the occurrences and clock changes of a year depend only on the weekday of 1 January and
 * on whether it is a leap year. Each of these 14 kinds of year occurs at least once in 40 years.
 */
const ALL_KINDS = 41 * 366 * DAY;

/** Converts a local time to its first instant, or to the first instant after a gap that skips it. */
export function toInstant(local: number, zone: Zone): number {
  let span = zone.spanAt(local - SLACK);
  while (local >= span.end + span.offset) span = zone.spanAt(span.end);
  return Math.max(span.start, local - span.offset);
}

/** Returns the latest local time that the clocks have shown by `instant`. */
export function localReached(instant: number, zone: Zone): number {
  const { offset, reached } = zone.spanAt(instant);
  return Math.max(instant + offset, reached - 1);
}

export function nextFixed(calendar: LocalTimes, zone: Zone, after: number): number | null {
  const span = zone.spanAt(after);
  // Times of the second pass of an overlap were due in the first pass.
  const local = calendar.firstFrom(Math.max(after + 1 + span.offset, span.reached));
  if (local === null) return null;
  return local < span.end + span.offset ? local - span.offset : toInstant(local, zone);
}

/** Returns the first instant after `after` at which the clocks show a matching time, or `null`. */
export function nextElapsed(calendar: LocalTimes, zone: Zone, after: number): number | null {
  const last = calendar.years ? Infinity : Math.max(after, SETTLED) + ALL_KINDS;
  let span = zone.spanAt(after);
  let from = after + 1 + span.offset;
  for (;;) {
    const local = calendar.firstFrom(from);
    if (local === null) return null;
    if (local < span.end + span.offset) return local - span.offset;

    // Skip spans that end long before `local`, unless the clocks go back at the end of this span and show
    // times before `from` again.
    const leap = from + SLACK <= span.end + span.offset ? local - SLACK : span.end;
    const resume = Math.max(leap, span.end);
    // A time that was in a gap in every kind of year always is.
    if (resume > last) return null;
    span = zone.spanAt(resume);
    from = resume + span.offset;
  }
}
