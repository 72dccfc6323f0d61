import { DAY } from '../instants.ts';
import type { RecurrenceRule, RuleDay } from './rrule-text.ts';

/** The days that a recurrence rule allows in any period. A day is a number of days since 1970-01-01. */
export class RecurrenceDays {
  readonly #rule: RecurrenceRule;

  constructor(rule: RecurrenceRule) {
    this.#rule = rule;
  }

  has(day: number): boolean {
    const { months, monthDays, yearDays, weekNumbers, days } = this.#rule;
    const date = new Date(day * DAY);
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    if (months.length > 0 && !months.includes(month + 1)) return false;
    const inMonth = {
      position: date.getUTCDate(),
      length: daysBetween(year, month, year, month + 1),
    };
    if (monthDays.length > 0 && !includes(monthDays, inMonth)) return false;
    const inYear = {
      position: day - Date.UTC(year, 0) / DAY + 1,
      length: daysBetween(year, 0, year + 1, 0),
    };
    if (yearDays.length > 0 && !includes(yearDays, inYear)) return false;
    if (weekNumbers.length > 0 && !includes(weekNumbers, this.#weekOf(day, year))) return false;
    if (days.length === 0) return true;
    // A number counts within the month, and within the year for a yearly rule without months.
    const isByYear = this.#rule.freq === 'YEARLY' && months.length === 0;
    return days.some((each) => isWeekday(each, day, isByYear ? inYear : inMonth));
  }

  /** Week 1 of a year is the first one with four days in it. */
  #weekOf(day: number, year: number): Place {
    const { weekStart } = this.#rule;
    const starts = [year - 1, year, year + 1, year + 2].map((each) => firstWeek(each, weekStart));
    const index = starts.findLastIndex((start) => start <= day);
    const [begin, end] = [starts[index]!, starts[index + 1]!];
    return { position: Math.floor((day - begin) / 7) + 1, length: (end - begin) / 7 };
  }
}

/** A number from 1 to `length`. */
interface Place {
  readonly position: number;
  readonly length: number;
}

/** Negative numbers count from the end. */
function includes(numbers: readonly number[], { position, length }: Place): boolean {
  return numbers.includes(position) || numbers.includes(position - length - 1);
}

function isWeekday({ weekday, nth }: RuleDay, day: number, { position, length }: Place): boolean {
  if (weekdayOf(day) !== weekday) return false;
  if (nth === undefined) return true;
  const place = nth > 0 ? position : length - position + 1;
  return Math.ceil(place / 7) === Math.abs(nth);
}

function firstWeek(year: number, weekStart: number): number {
  const fourth = Date.UTC(year, 0, 4) / DAY;
  return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
}

/** Monday is 0; day 0 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function daysBetween(year: number, month: number, endYear: number, endMonth: number): number {
  return (Date.UTC(endYear, endMonth) - Date.UTC(year, month)) / DAY;
}
