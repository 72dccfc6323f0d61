/**
 * What a calendar means on the days when clocks change.
 *
 * A calendar speaks of local time, and local time has holes and folds. When clocks go forward there is
 * a gap: in New York on 9 March 2025, 01:59:59 is followed by 03:00:00, and nobody sees 02:30. When they
 * go back there is an overlap: on 2 November 2025 every reading from 01:00 to 01:59 comes twice, an hour
 * apart. What is right then depends on what the user meant, and the expression tells:
 *
 * - **Elapsed time.** The minute or hour field holds `*`, a range or a step, as in "every 20 minutes" or
 *   "each full hour from 1 to 3". What counts is the distance between runs. So it is due whenever the
 *   clocks show a matching time: in both passes of an overlap, and never in a gap.
 * - **Fixed times.** Otherwise, as in "at 02:30" or "at 01:00 and 13:00". What counts is that each run
 *   takes place. So every time is due exactly once: at the first pass of an overlap; and one that falls
 *   into a gap at the first moment after it, once for all that fell in there.
 *
 * (The seconds of a six-field expression do not decide; only minutes and hours do.)
 *
 * Nothing here assumes that a change is an hour, falls into the night, or comes twice a year: Lord Howe
 * moves by 30 minutes, Troll by two hours, Santiago skips midnight, and Samoa had no 30 December 2011.
 * It is assumed that offsets differ by less than two days (SLACK); there are 26 hours in it on earth.
 *
 * Local times are milliseconds, too: what UTC would read if its clocks were set like those.
 */
import type { Calendar } from './calendar.ts';
import { DAY } from './instants.ts';
import type { Zone } from './zone.ts';

const SLACK = 2 * DAY;

/**
 * From this year on every zone of the tz database changes its clocks by a yearly rule, if at all. (The
 * longest tables of single changes, those of Morocco and Gaza, end in 2087.)
 */
const SETTLED = Date.UTC(2100, 0);

/**
 * Under yearly rules, what is due in a year and what clocks do in it depend on the weekday of 1 January
 * and on whether it is a leap year alone. Each of these 14 kinds of year comes at least once in 40 years.
 */
const ALL_KINDS = 41 * 366 * DAY;

/** The first instant at which the local time is reached or, in a gap, passed over. */
export function instantOf(local: number, zone: Zone): number {
  let span = zone.spanAt(local - SLACK);
  while (local >= span.end + span.offset) span = zone.spanAt(span.end);
  return Math.max(span.start, local - span.offset);
}

/** The local time up to which all is past: what clocks show or, after they went back, had shown. */
export function localReached(instant: number, zone: Zone): number {
  const { offset, reached } = zone.spanAt(instant);
  return Math.max(instant + offset, reached - 1);
}

/** The first due instant of fixed times that is later than `after`; `null` when there is none. */
export function nextFixed(calendar: Calendar, zone: Zone, after: number): number | null {
  const span = zone.spanAt(after);
  // In the second pass of an overlap, what the first pass has shown is done with.
  const local = calendar.firstFrom(Math.max(after + 1 + span.offset, span.reached));
  if (local === null) return null;
  return local < span.end + span.offset ? local - span.offset : instantOf(local, zone);
}

/** The first instant later than `after` at which clocks match; `null` when there is none. */
export function nextElapsed(calendar: Calendar, zone: Zone, after: number): number | null {
  const last = calendar.hasYears ? Infinity : Math.max(after, SETTLED) + ALL_KINDS;
  let span = zone.spanAt(after);
  let from = after + 1 + span.offset;
  for (;;) {
    const local = calendar.firstFrom(from);
    if (local === null) return null;
    if (local < span.end + span.offset) return local - span.offset;

    // A rare calendar would have us visit every change of many years. They can be leapt over, unless
    // clocks that go back at the end of this span would show something from before `from`.
    const leap = from + SLACK <= span.end + span.offset ? local - SLACK : span.end;
    const resume = Math.max(leap, span.end);
    // What has fallen into a gap in every kind of year always will.
    if (resume > last) return null;
    span = zone.spanAt(resume);
    from = resume + span.offset;
  }
}
