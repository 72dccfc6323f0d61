import type Cronstrue from 'cronstrue';
import { onDemand } from '../util/on-demand.ts';
import { cronText } from './calendar-text.ts';
import type { CalendarFields } from './calendar.ts';
import { daysOfMonthWords } from './day-words.ts';
import { DAY, HOUR, MINUTE, SECOND } from './instants.ts';

const cronstrue = onDemand((require) => require('cronstrue') as typeof Cronstrue);

/** The fields in plain English, such as `at 04:00, only on Friday`; `undefined` where words fail. */
export function inWords(fields: CalendarFields): string | undefined {
  // cronstrue knows `L`; the other movable days only alone, and not all of them.
  const plain = fields.movableDays.every(
    (day) => day.fromEnd && day.day === 0 && !day.nearestWeekday,
  );
  return plain ? describe(fields) : withMovableDays(fields);
}

function withMovableDays(fields: CalendarFields): string | undefined {
  const everyDay = { daysOfMonth: DAYS, movableDays: [] };
  const everyWeekday = { daysOfWeek: WEEKDAYS, lastWeekdays: [], nthWeekdays: [] };
  const time = describe({ ...fields, ...everyDay, ...everyWeekday });
  if (time === undefined) return undefined;
  const days = `${time}, ${daysOfMonthWords(fields)}`;
  if (fields.daysOfWeek.length === WEEKDAYS.length) return days;
  const hourly = { seconds: [0], minutes: [0], hours: [0], months: MONTHS, years: undefined };
  // "at 00:00, only on Friday"
  const [, weekdays] =
    /^.*?, (.*)$/.exec(describe({ ...fields, ...everyDay, ...hourly }) ?? '') ?? [];
  if (weekdays === undefined) return undefined;
  return `${days}, ${fields.union ? weekdays.replace(/^(?:only )?/, 'and ') : weekdays}`;
}

const DAYS = Array.from({ length: 31 }, (_, i) => i + 1);
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6];
const MONTHS = DAYS.slice(0, 12);

function describe(fields: CalendarFields): string | undefined {
  const text = cronstrue().toString(cronText(fields), {
    use24HourTimeFormat: true,
    logicalAndDayFields: !fields.union,
    throwExceptionOnParseError: false,
  });
  if (text.startsWith('An error occurred')) return undefined;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const UNITS = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
  [SECOND, 'second'],
  [1, 'millisecond'],
] as const;

/** Milliseconds as `1 hour 30 minutes`; a single unit without its number, as in "every day". */
export function durationWords(duration: number): string {
  const parts: string[] = [];
  let left = duration;
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(count === 1 ? `1 ${name}` : `${count} ${name}s`);
  }
  const [only = ''] = parts;
  return parts.length === 1 ? only.replace(/^1 /, '') : parts.join(' ');
}
