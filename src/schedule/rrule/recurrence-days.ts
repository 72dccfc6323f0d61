import { DAY, HOUR, MINUTE, numbersBetween, SECOND } from '../instants.ts';
import { DaySearch, startOf, weekdayOf } from '../calendar/days.ts';

/** From the longest period to the shortest; the length in milliseconds is the longest one of years and months. */
export const PERIODS = {
  YEARLY: { name: 'year', length: 366 * DAY },
  MONTHLY: { name: 'month', length: 31 * DAY },
  WEEKLY: { name: 'week', length: 7 * DAY },
  DAILY: { name: 'day', length: DAY },
  HOURLY: { name: 'hour', length: HOUR },
  MINUTELY: { name: 'minute', length: MINUTE },
  SECONDLY: { name: 'second', length: SECOND },
} as const;
export type Frequency = keyof typeof PERIODS;
export const FREQUENCIES = Object.keys(PERIODS) as Frequency[];

/** 0 for periods of a day and longer, 1 for hours, 2 for minutes, 3 for seconds. */
export function rankOf({ freq }: RecurrenceRule): number {
  return Math.max(0, FREQUENCIES.indexOf(freq) - FREQUENCIES.indexOf('DAILY'));
}

/** A weekday of a rule. `nth` counts within the period, from its end if negative; without it, all of them count. */
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

/** Whether `UNTIL` is an instant; otherwise it is local time. */
export function isInstant(until: string): boolean {
  return until.endsWith('Z');
}

/** `UNTIL` in milliseconds, local time as if it were UTC. */
export function parseUntil(until: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?/.exec(until)!.slice(1);
  const [year, month, day, hour, minute, second] = parts.map((part?: string) => Number(part ?? 0));
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

/** Finds the days that a recurrence rule allows in any period. */
export function recurrenceDays(rule: RecurrenceRule): DaySearch {
  return new DaySearch((year, month) => {
    if (rule.months.length > 0 && !rule.months.includes(month + 1)) return 0;
    const first = startOf(year, month);
    const length = startOf(year, month + 1) - first;
    let mask = 0;
    for (let position = 1; position <= length; position++) {
      if (allows(rule, year, { position, length }, first + position - 1)) mask |= 1 << (position - 1);
    }
    return mask;
  });
}

function allows(rule: RecurrenceRule, year: number, inMonth: Ordinal, day: number): boolean {
  const { freq, months, monthDays, yearDays, weekNumbers, days, weekStart } = rule;
  if (monthDays.length > 0 && !includes(monthDays, inMonth)) return false;
  const begin = startOf(year, 0);
  const inYear = { position: day - begin + 1, length: startOf(year + 1, 0) - begin };
  if (yearDays.length > 0 && !includes(yearDays, inYear)) return false;
  if (weekNumbers.length > 0 && !includes(weekNumbers, weekOf(day, year, weekStart))) return false;
  // A number counts within the month, and within the year for a yearly rule without months.
  const within = freq === 'YEARLY' && months.length === 0 ? inYear : inMonth;
  return days.length === 0 || days.some((each) => isWeekday(each, day, within));
}

/** The number of a day or week, from 1 to `length`. */
interface Ordinal {
  readonly position: number;
  readonly length: number;
}

/** Week 1 of a year is the first one with four days in it. */
function weekOf(day: number, year: number, weekStart: number): Ordinal {
  const starts = [year - 1, year, year + 1, year + 2].map((each) => {
    const fourth = startOf(each, 0) + 3;
    return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
  });
  const index = starts.findLastIndex((start) => start <= day);
  const [begin, end] = [starts[index]!, starts[index + 1]!];
  return { position: Math.floor((day - begin) / 7) + 1, length: (end - begin) / 7 };
}

/** Negative numbers count from the end. */
function includes(numbers: readonly number[], { position, length }: Ordinal): boolean {
  return numbers.includes(position) || numbers.includes(position - length - 1);
}

function isWeekday({ weekday, nth }: RuleDay, day: number, { position, length }: Ordinal): boolean {
  if (weekdayOf(day) !== weekday) return false;
  if (nth === undefined) return true;
  const place = nth > 0 ? position : length - position + 1;
  return Math.ceil(place / 7) === Math.abs(nth);
}

/** The most times that a rule has in one of its periods, before `BYSETPOS` selects. */
export function mostTimes(rule: RecurrenceRule): number {
  const lists = (['hours', 'minutes', 'seconds'] as const).slice(rankOf(rule));
  // A list that is absent gets one value from dtstart.
  const times = lists.reduce((count, key) => count * Math.max(1, rule[key].length), 1);
  return times * mostDays(rule);
}

function mostDays(rule: RecurrenceRule): number {
  const { freq, months, weekNumbers, yearDays, monthDays, days } = rule;
  const isOpen = [weekNumbers, yearDays, monthDays, days].every(({ length }) => length === 0);
  switch (freq) {
    case 'YEARLY':
      // Without a list of days, one day of each month recurs.
      return isOpen ? Math.max(1, months.length) : countDays(rule, 0, 12);
    case 'MONTHLY':
      if (isOpen) return 1;
      return Math.max(...numbersBetween(0, 11).map((month) => countDays(rule, month, month + 1)));
    case 'WEEKLY':
      return isOpen ? 1 : Math.min(7, countDays(rule, 0, 12));
    default:
      return 1;
  }
}

/** The allowed days between two months of a leap year. */
function countDays(rule: RecurrenceRule, from: number, to: number): number {
  const days = recurrenceDays(rule);
  const end = startOf(2028, to);
  let count = 0;
  for (let day = days.firstFrom(startOf(2028, from)); day < end; day = days.firstFrom(day + 1)) count += 1;
  return count;
}
