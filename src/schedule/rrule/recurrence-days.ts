import { DAY, MAX_INSTANT } from '../instants.ts';

/** The days of a year that a rule allows: a bit mask for each month, bit 0 is day 1. `null` for none. */
type YearPattern = readonly number[] | null;

/** The Gregorian calendar repeats after 400 years. */
const CYCLE_YEARS = 400;
const CYCLE_DAYS = 146_097;

/**
 * The days that a recurrence rule allows in any period. A day is a number of days since 1970-01-01. The allowed days of a
 * year depend on its first weekday and on which years around it are leap years, so each of these 28 patterns is computed
 * once.
 */
export class RecurrenceDays {
  readonly #rule: RecurrenceRule;
  readonly #patterns = new Map<number, YearPattern>();
  // No day from #asked on is allowed before #found.
  #asked = Infinity;
  #found = -Infinity;

  constructor(rule: RecurrenceRule) {
    this.#rule = rule;
  }

  has(day: number): boolean {
    const date = new Date(day * DAY);
    const pattern = this.#pattern(date.getUTCFullYear());
    return ((pattern?.[date.getUTCMonth()] ?? 0) & (1 << (date.getUTCDate() - 1))) !== 0;
  }

  /** Returns the first allowed day at or after `day`; `Infinity` if no day is allowed in any year. */
  firstFrom(day: number): number {
    if (day < this.#asked || day > this.#found) {
      this.#found = this.#search(day);
      this.#asked = day;
    }
    return this.#found;
  }

  #search(day: number): number {
    if (day * DAY > MAX_INSTANT) return Infinity;
    const date = new Date(day * DAY);
    let year = date.getUTCFullYear();
    let month = date.getUTCMonth();
    let past = date.getUTCDate() - 1;
    for (const last = year + CYCLE_YEARS; year <= last; year++) {
      const pattern = this.#pattern(year);
      for (; pattern && month < 12; month++) {
        const left = (pattern[month]! >>> past) << past;
        if (left !== 0) return startOf(year, month) + lowestBit(left);
        past = 0;
      }
      month = 0;
      past = 0;
    }
    return Infinity;
  }

  #pattern(year: number): YearPattern {
    const first = weekdayOf(startOf(year, 0));
    const key = first * 8 + leap(year - 1) * 4 + leap(year) * 2 + leap(year + 1);
    let pattern = this.#patterns.get(key);
    if (pattern === undefined) this.#patterns.set(key, (pattern = this.#compute(year)));
    return pattern;
  }

  #compute(year: number): YearPattern {
    const { months } = this.#rule;
    const pattern = Array.from({ length: 12 }, (_, month) => {
      if (months.length > 0 && !months.includes(month + 1)) return 0;
      let mask = 0;
      const first = startOf(year, month);
      const length = startOf(year, month + 1) - first;
      for (let position = 1; position <= length; position++) {
        if (this.#allows(year, { position, length }, first + position - 1))
          mask |= 1 << (position - 1);
      }
      return mask;
    });
    return pattern.some((mask) => mask !== 0) ? pattern : null;
  }

  #allows(year: number, inMonth: Place, day: number): boolean {
    const { months, monthDays, yearDays, weekNumbers, days } = this.#rule;
    if (monthDays.length > 0 && !includes(monthDays, inMonth)) return false;
    const begin = startOf(year, 0);
    const inYear = { position: day - begin + 1, length: startOf(year + 1, 0) - begin };
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
  const fourth = startOf(year, 0) + 3;
  return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
}

/** Monday is 0; day 0 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** The first day of a month, which counts from 0. `Date.UTC` takes the years 0 to 99 for those of the last century. */
export function startOf(year: number, month: number): number {
  const cycles = Math.floor((year - 2000) / CYCLE_YEARS);
  return Date.UTC(year - cycles * CYCLE_YEARS, month) / DAY + cycles * CYCLE_DAYS;
}

/** 1 for a leap year. */
function leap(year: number): number {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

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

/** Which lists of a rule are times within its period: the lists of shorter units. */
const SHORTER: Readonly<Partial<Record<Frequency, readonly ('hours' | 'minutes' | 'seconds')[]>>> =
  {
    HOURLY: ['minutes', 'seconds'],
    MINUTELY: ['seconds'],
    SECONDLY: [],
  };

/** The most times that a rule has in one of its periods, before `BYSETPOS` selects. */
export function mostTimes(rule: RecurrenceRule): number {
  const lists = SHORTER[rule.freq] ?? (['hours', 'minutes', 'seconds'] as const);
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
      return Math.max(...Array.from({ length: 12 }, (_, i) => countDays(rule, i, i + 1)));
    case 'WEEKLY':
      return isOpen ? 1 : Math.min(7, countDays(rule, 0, 12));
    default:
      return 1;
  }
}

/** The allowed days between two months of a leap year. */
function countDays(rule: RecurrenceRule, from: number, to: number): number {
  const days = new RecurrenceDays(rule);
  const end = startOf(2028, to);
  let count = 0;
  for (let day = days.firstFrom(startOf(2028, from)); day < end; day = days.firstFrom(day + 1))
    count += 1;
  return count;
}
