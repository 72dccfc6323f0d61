import { type CalendarFields, type MovableDay, Calendar } from './calendar.ts';
import { describeLocal, listed, ordinal, WEEKDAY_NAMES } from '../text.ts';
import { DAY, numbersBetween, SECOND } from '../instants.ts';
import type { Explanation, FieldCheck } from '../schedule.ts';
import type { Zone } from '../zone/zone.ts';
import { onDemand } from '../../util/on-demand.ts';
import type Cronstrue from 'cronstrue';

/**
 * Formats fields as a canonical cron line: ranges and steps where values are evenly spaced, seconds only if
 * they are not 0, years (with seconds) only if they are limited. The ledger stores this text as part of the
 * spec: if it changed for any expression, beat would take the schedule for an edited one.
 */
export function formatCron(fields: CalendarFields): string {
  const seconds = formatField(fields.seconds, 0, 59);
  const dates = [...formatList(fields.daysOfMonth, 1, 31), ...fields.movableDays.map(formatMovableDay)];
  const weekdays = [
    ...formatList(fields.daysOfWeek, 0, 6),
    ...fields.nthWeekdays.map(({ weekday, nth }) => (nth === 'last' ? `${weekday}L` : `${weekday}#${nth}`)),
  ];
  return [
    ...(seconds === '0' && !fields.years ? [] : [seconds]),
    formatField(fields.minutes, 0, 59),
    formatField(fields.hours, 0, 23),
    dates.join(','),
    formatField(fields.months, 1, 12),
    weekdays.join(','),
    ...(fields.years ? [formatField(fields.years, 1970, 2199)] : []),
  ].join(' ');
}

function formatMovableDay({ day, fromEnd, nearestWeekday }: MovableDay): string {
  const place = fromEnd ? (day === 0 ? 'L' : `L-${day}`) : String(day);
  return nearestWeekday ? `${place}W` : place;
}

function formatList(members: readonly number[], lowest: number, highest: number): string[] {
  return members.length === 0 ? [] : [formatField(members, lowest, highest)];
}

function formatField(members: readonly number[], lowest: number, highest: number): string {
  const first = members[0]!;
  const last = members.at(-1)!;
  const step = (members[1] ?? first) - first;
  const even = members.every((member, i) => member === first + i * step);
  if (members.length < 3 || !even) return members.join(',');
  if (first === lowest && last + step > highest) return step === 1 ? '*' : `*/${step}`;
  return step === 1 ? `${first}-${last}` : `${first}-${last}/${step}`;
}

const ANY_DATE = { daysOfMonth: numbersBetween(1, 31), movableDays: [] };
const ANY_WEEKDAY = { daysOfWeek: [0, 1, 2, 3, 4, 5, 6], nthWeekdays: [] };
const EVERY_MIDNIGHT = {
  seconds: [0],
  minutes: [0],
  hours: [0],
  months: ANY_DATE.daysOfMonth.slice(0, 12),
  years: undefined,
};

/** Compares each field with the local time at an instant (epoch ms). Clock changes may make `isDue` differ. */
export function explainCalendar(fields: CalendarFields, zone: Zone, instant: number, isDue: boolean): Explanation {
  const local = instant + zone.spanAt(instant).offset;
  const matches = local % SECOND === 0 && new Calendar(fields).firstFrom(local) === local;
  return {
    local: `${describeLocal(local)} ${zone.name}`,
    fields: checkFields(fields, local),
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
  const check = (field: string, place: number, value: number, members: readonly number[]) => ({
    field,
    rule: texts[place]!,
    value: String(value),
    matches: members.includes(value),
  });
  const weekday = date.getUTCDay();
  const weekdayText = `${weekday} (${WEEKDAY_NAMES[(weekday + 6) % 7]!})`;
  const isWhole = fields.seconds.length === 1 && fields.seconds[0] === 0;
  const hasSecond = !isWhole || date.getUTCSeconds() !== 0;
  return [
    ...(hasSecond ? [check('second', 0, date.getUTCSeconds(), fields.seconds)] : []),
    check('minute', 1, date.getUTCMinutes(), fields.minutes),
    check('hour', 2, date.getUTCHours(), fields.hours),
    { ...check('day of month', 3, date.getUTCDate(), []), matches: isDay({ ...fields, ...ANY_WEEKDAY }, local) },
    check('month', 4, date.getUTCMonth() + 1, fields.months),
    { ...check('day of week', 5, weekday, []), value: weekdayText, matches: isDay({ ...fields, ...ANY_DATE }, local) },
    ...(fields.years ? [check('year', 6, date.getUTCFullYear(), fields.years)] : []),
  ];
}

/** Whether the day fields match the day of a local time. */
function isDay(fields: CalendarFields, local: number): boolean {
  const start = Math.floor(local / DAY) * DAY;
  return new Calendar({ ...fields, ...EVERY_MIDNIGHT, union: false }).firstFrom(start) === start;
}

/** Explains clock changes and parts of a second. `matches` says whether all fields match the local time. */
export function explainClocks(local: number, matches: boolean, isDue: boolean): readonly string[] {
  if (local % SECOND !== 0) return ['it is not a whole second'];
  if (matches === isDue) return [];
  return matches
    ? ['the clocks were set back: this local time was due when they showed it first']
    : ['the clocks were set forward: it is due in place of a local time that they skipped'];
}

const cronstrue = onDemand((require) => require('cronstrue') as typeof Cronstrue);

/** Describes fields in English, such as `at 04:00, only on Friday`; `undefined` if cronstrue cannot. */
export function describeFields(fields: CalendarFields): string | undefined {
  // cronstrue supports `L`, and other movable days only alone and in part.
  const plain = fields.movableDays.every((day) => day.fromEnd && day.day === 0 && !day.nearestWeekday);
  return plain ? callCronstrue(fields) : describeMovableDays(fields);
}

function describeMovableDays(fields: CalendarFields): string | undefined {
  const time = callCronstrue({ ...fields, ...ANY_DATE, ...ANY_WEEKDAY });
  if (time === undefined) return undefined;
  const dates = [...fields.daysOfMonth.map((day) => `day ${day}`), ...fields.movableDays.map(describeMovableDay)];
  const days = `${time}, on ${listed(dates)} of the month`;
  if (fields.daysOfWeek.length === ANY_WEEKDAY.daysOfWeek.length) return days;
  // "at 00:00, only on Friday"
  const alone = callCronstrue({ ...fields, ...ANY_DATE, ...EVERY_MIDNIGHT }) ?? '';
  const [, weekdays] = /^.*?, (.*)$/.exec(alone) ?? [];
  if (weekdays === undefined) return undefined;
  return `${days}, ${fields.union ? weekdays.replace(/^(?:only )?/, 'and ') : weekdays}`;
}

function describeMovableDay({ day, fromEnd, nearestWeekday }: MovableDay): string {
  if (!fromEnd) return `the weekday nearest day ${day}`;
  if (day === 0) return nearestWeekday ? 'the last weekday' : 'the last day';
  const before = `the ${ordinal(day)} day before the last`;
  return nearestWeekday ? `the weekday nearest ${before}` : before;
}

function callCronstrue(fields: CalendarFields): string | undefined {
  const text = cronstrue().toString(formatCron(fields), {
    use24HourTimeFormat: true,
    logicalAndDayFields: !fields.union,
    throwExceptionOnParseError: false,
  });
  if (text.startsWith('An error occurred')) return undefined;
  return text.charAt(0).toLowerCase() + text.slice(1);
}
