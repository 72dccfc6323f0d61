import type Cronstrue from 'cronstrue';
import { onDemand } from '../util/on-demand.ts';
import { formatCron } from './calendar/calendar-text.ts';
import type { CalendarFields } from './calendar/calendar.ts';
import { describeDaysOfMonth } from './calendar/day-description.ts';
import { DAY, HOUR, MINUTE, SECOND } from './instants.ts';

const cronstrue = onDemand((require) => require('cronstrue') as typeof Cronstrue);

/** Describes fields in English, such as `at 04:00, only on Friday`; `undefined` if cronstrue cannot. */
export function describeFields(fields: CalendarFields): string | undefined {
  // cronstrue supports `L`, and other movable days only alone and in part.
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
  const days = `${time}, ${describeDaysOfMonth(fields)}`;
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
  const text = cronstrue().toString(formatCron(fields), {
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

/** Describes milliseconds as `1 hour 30 minutes`, and one unit as `day`, for "every day". */
export function describeDuration(duration: number): string {
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

/** The same with the number of a single unit: `1 hour`. */
export function describeLength(duration: number): string {
  return describeDuration(duration).replace(/^(?=[a-z])/, '1 ');
}

/** Describes a local time, in milliseconds as if it were UTC: `2030-01-31 08:00`, without seconds that are zero. */
export function describeLocal(local: number): string {
  const [date, time] = new Date(local).toISOString().split('T');
  return `${date} ${time!.replace(/(:00)?(\.000)?Z$/, '')}`;
}
