import type { MovableDay, NthWeekday } from '../calendar/calendar.ts';
import { CRON_FIELDS } from './cron-fields.ts';
import { PartError, readValue, readValues } from './cron-value.ts';

const DAY_OF_MONTH = CRON_FIELDS[3];
const DAY_OF_WEEK = CRON_FIELDS[5];

/** Parses `L`, `L-3`, `15W`, `LW` and `L-3W` in the day of month; returns `undefined` for other parts. */
export function readMovableDay(part: string): MovableDay | undefined {
  const [end, before, endW] = /^l(?:-(\d+))?(w)?$/i.exec(part) ?? [];
  if (end !== undefined) {
    const day = Number(before ?? 0);
    if (before !== undefined && (day < 1 || day > 30)) {
      throw new PartError(DAY_OF_MONTH, part, 'is out of range L-1 to L-30');
    }
    return { day, fromEnd: true, nearestWeekday: endW !== undefined };
  }
  const [start, text] = /^(\d+)w$/i.exec(part) ?? [];
  if (start !== undefined) {
    return { day: readValue(DAY_OF_MONTH, text!, part), fromEnd: false, nearestWeekday: true };
  }
  const [bare, number] = /^l(\d+)$/i.exec(part) ?? [];
  if (bare !== undefined) {
    throw new PartError(DAY_OF_MONTH, part, `is invalid; did you mean "L-${number}"?`);
  }
  if (/^\d+l$/i.test(part)) {
    throw new PartError(DAY_OF_MONTH, part, 'belongs in the day of week: "5L" is the last Friday');
  }
  if (/^[^/]+-[^/]+w$/i.test(part)) {
    throw new PartError(DAY_OF_MONTH, part, 'is a range; W belongs to one day: "1W,2W"');
  }
  return undefined;
}

/** Weekdays with a position in the month. */
export interface PlacedWeekdays {
  readonly lastWeekdays: readonly number[];
  readonly nthWeekdays: readonly NthWeekday[];
}

/** Parses `5L`, `L5`, `fri#L`, `5#2` and `mon-fri#1` in the day of week; returns `undefined` for other parts. */
export function readPlacedWeekdays(part: string): PlacedWeekdays | undefined {
  if (/^l$/i.test(part)) {
    const why =
      'is ambiguous (Saturday in some libraries, Sunday in others); write sat, sun, or 5L for the last Friday';
    throw new PartError(DAY_OF_WEEK, part, why);
  }
  const [, days, place] = /^([^#]+)#([^#]*)$/.exec(part) ?? [];
  if (days !== undefined && !/^(?:[1-5]|l)$/i.test(place!)) {
    throw new PartError(
      DAY_OF_WEEK,
      part,
      'needs a number from 1 to 5, or L for the last, after #',
    );
  }
  if (days !== undefined && /^[1-5]$/.test(place!)) {
    const nthWeekdays = weekdays(days, part).map((weekday) => ({ weekday, nth: Number(place) }));
    return { lastWeekdays: [], nthWeekdays };
  }
  const last = days ?? /^(.+)l$/i.exec(part)?.[1] ?? /^l(.+)$/i.exec(part)?.[1];
  return last === undefined ? undefined : { lastWeekdays: weekdays(last, part), nthWeekdays: [] };
}

function weekdays(days: string, part: string): number[] {
  if (days.includes('/')) {
    throw new PartError(DAY_OF_WEEK, part, 'combines a step with # or L; list the days instead');
  }
  return readValues(DAY_OF_WEEK, days).values.map((day) => day % 7);
}
