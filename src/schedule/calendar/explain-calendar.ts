import { formatCron } from './calendar-text.ts';
import { Calendar, type CalendarFields } from './calendar.ts';
import { describeLocal } from '../description.ts';
import { DAY, SECOND } from '../instants.ts';
import { explainClocks } from './explain-clocks.ts';
import type { Explanation, FieldCheck } from '../schedule.ts';
import type { Zone } from '../zone/zone.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const ALL_WEEKDAYS = [0, 1, 2, 3, 4, 5, 6];
const ALL_DAYS = Array.from({ length: 31 }, (_, i) => i + 1);
const ALL_MONTHS = ALL_DAYS.slice(0, 12);

/**
 * Compares each field with the local time at an instant (epoch milliseconds). `isDue` says whether the schedule has this
 * instant, which a clock change may decide otherwise than the fields do.
 */
export function explainCalendar(
  fields: CalendarFields,
  zone: Zone,
  instant: number,
  isDue: boolean,
): Explanation {
  const span = zone.spanAt(instant);
  const local = instant + span.offset;
  const checks = checkFields(fields, local);
  const matches = local % SECOND === 0 && new Calendar(fields).firstFrom(local) === local;
  return {
    local: `${describeLocal(local)} ${zone.name}`,
    fields: checks,
    notes: [
      ...(fields.union ? ['a day matches if either of its two fields matches'] : []),
      ...explainClocks(local, matches, isDue),
    ],
  };
}

function checkFields(fields: CalendarFields, local: number): FieldCheck[] {
  const date = new Date(local);
  const texts = formatCron(fields).split(' ');
  if (texts.length === 5) texts.unshift('0');
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year = '*'] = texts as [
    ...[string, string, string, string, string, string],
    string?,
  ];
  const weekday = date.getUTCDay();
  const checks: FieldCheck[] = [
    check('minute', minute, date.getUTCMinutes(), fields.minutes),
    check('hour', hour, date.getUTCHours(), fields.hours),
    {
      ...{ field: 'day of month', rule: dayOfMonth, value: String(date.getUTCDate()) },
      matches: isDay({ ...fields, ...ANY_WEEKDAY }, local),
    },
    check('month', month, date.getUTCMonth() + 1, fields.months),
    {
      ...{ field: 'day of week', rule: dayOfWeek, value: `${weekday} (${WEEKDAYS[weekday]})` },
      matches: isDay({ ...fields, daysOfMonth: ALL_DAYS, movableDays: [] }, local),
    },
  ];
  const isWhole = fields.seconds.length === 1 && fields.seconds[0] === 0;
  if (!isWhole || date.getUTCSeconds() !== 0) {
    checks.unshift(check('second', second, date.getUTCSeconds(), fields.seconds));
  }
  if (fields.years) checks.push(check('year', year, date.getUTCFullYear(), fields.years));
  return checks;
}

const ANY_WEEKDAY = { daysOfWeek: ALL_WEEKDAYS, lastWeekdays: [], nthWeekdays: [] };

function check(field: string, rule: string, value: number, members: readonly number[]): FieldCheck {
  return { field, rule, value: String(value), matches: members.includes(value) };
}

/** Whether the day fields match the day of a local time. */
function isDay(fields: CalendarFields, local: number): boolean {
  const start = Math.floor(local / DAY) * DAY;
  const everyTime = {
    seconds: [0],
    minutes: [0],
    hours: [0],
    months: ALL_MONTHS,
    years: undefined,
  };
  return new Calendar({ ...fields, ...everyTime, union: false }).firstFrom(start) === start;
}
