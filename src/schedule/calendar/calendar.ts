import { DAY, MAX_INSTANT, SECOND } from '../instants.ts';

/** The values of each field of an expression, sorted and without duplicates. */
export interface CalendarFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** From 1. May be empty if `movableDays` is not. */
  readonly daysOfMonth: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** Sunday is 0. May be empty if `lastWeekdays` or `nthWeekdays` is not. */
  readonly daysOfWeek: readonly number[];
  /** Absent if every year matches. */
  readonly years?: readonly number[] | undefined;
  /** Additional days of the month: `L`, `L-3`, `15W`. */
  readonly movableDays: readonly MovableDay[];
  /** Additional days of the week: `5L`, the last Friday of the month. */
  readonly lastWeekdays: readonly number[];
  /** Additional days of the week: `5#2`, the second Friday of the month. */
  readonly nthWeekdays: readonly NthWeekday[];
  /** Whether a day matches if either day field matches; otherwise both have to. */
  readonly union: boolean;
}

/** A day of the month whose date depends on the length or the weekdays of the month. */
export interface MovableDay {
  /** From 1; with `fromEnd`, the number of days before the last day. */
  readonly day: number;
  readonly fromEnd: boolean;
  /** Moves a Saturday to Friday and a Sunday to Monday, within the same month. */
  readonly nearestWeekday: boolean;
}

/** The `nth` (1 to 5) given weekday of a month. */
export interface NthWeekday {
  readonly weekday: number;
  readonly nth: number;
}

/** The Gregorian calendar repeats after 400 years. */
const MONTHS_OF_A_CYCLE = 400 * 12;

/**
 * Finds matching local times, without zones and clock changes; a local time is in milliseconds as if it were
 * UTC. The matching days of a month depend only on its length and first weekday, so each of these 28 patterns
 * is computed once, as a bit mask.
 */
export class Calendar {
  readonly #fields: CalendarFields;
  readonly #hours: Uint8Array;
  readonly #minutes: Uint8Array;
  readonly #seconds: Uint8Array;
  readonly #months: number;
  /** The first matching second of the day. */
  readonly #opening: number;
  readonly #patterns: (number | undefined)[] = [];

  constructor(fields: CalendarFields) {
    this.#fields = fields;
    this.#hours = buildNextTable(fields.hours, 24);
    this.#minutes = buildNextTable(fields.minutes, 60);
    this.#seconds = buildNextTable(fields.seconds, 60);
    this.#months = bits(fields.months, 1);
    this.#opening = this.#firstIn(this.#hours[0]!);
  }

  /** Whether the years are limited. */
  get hasYears(): boolean {
    return this.#fields.years !== undefined;
  }

  /** Returns the first matching local time at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null {
    const second = Math.ceil(Math.max(local, -MAX_INSTANT) / SECOND);
    const day = Math.floor(second / 86_400);
    const found = this.#dayFrom(day);
    if (found === null) return null;
    if (found > day) return found * DAY + this.#opening * SECOND;
    const time = this.#timeFrom(second - day * 86_400);
    if (time !== null) return day * DAY + time * SECOND;
    const later = this.#dayFrom(day + 1);
    return later === null ? null : later * DAY + this.#opening * SECOND;
  }

  /** Returns the first matching second of the day at or after `time`, or `null`. */
  #timeFrom(time: number): number | null {
    const hour = this.#hours[Math.floor(time / 3_600)]!;
    if (hour === 24) return null;
    if (hour * 3_600 > time) return this.#firstIn(hour);

    const minute = this.#minutes[Math.floor(time / 60) % 60]!;
    if (minute < 60) {
      const start = hour * 3_600 + minute * 60;
      if (start > time) return start + this.#seconds[0]!;
      const second = this.#seconds[time % 60]!;
      if (second < 60) return start + second;
      const nextMinute = this.#minutes[minute + 1]!;
      if (nextMinute < 60) return hour * 3_600 + nextMinute * 60 + this.#seconds[0]!;
    }
    const nextHour = this.#hours[hour + 1]!;
    return nextHour === 24 ? null : this.#firstIn(nextHour);
  }

  #firstIn(hour: number): number {
    return hour * 3_600 + this.#minutes[0]! * 60 + this.#seconds[0]!;
  }

  /** Returns the first matching day at or after `day`, both in days since 1970-01-01. */
  #dayFrom(day: number): number | null {
    if (day * DAY > MAX_INSTANT) return null;
    const date = new Date(day * DAY);
    let year = date.getUTCFullYear();
    let month = date.getUTCMonth();
    let past = date.getUTCDate() - 1;
    let first = day - past;
    for (let i = 0; i <= MONTHS_OF_A_CYCLE; i++) {
      const allowed = this.#yearFrom(year);
      if (allowed === null) return null;
      if (allowed > year) {
        [year, month, past] = [allowed, 0, 0];
        first = Date.UTC(year, 0) / DAY;
      }
      const length = daysInMonth(year, month);
      if ((this.#months >>> month) & 1) {
        const left = (this.#pattern(weekdayAt(first), length) >>> past) << past;
        if (left !== 0) return first + lowestBit(left);
      }
      first += length;
      past = 0;
      month = (month + 1) % 12;
      if (month === 0) year++;
    }
    return null;
  }

  /** Returns the first matching year at or after `year`. */
  #yearFrom(year: number): number | null {
    const { years } = this.#fields;
    return years === undefined ? year : (years.find((one) => one >= year) ?? null);
  }

  /** Returns the matching days of a month that begins on `weekday` as a bit mask; bit 0 is day 1. */
  #pattern(weekday: number, length: number): number {
    const key = weekday * 4 + length - 28;
    return (this.#patterns[key] ??= matchingDays(this.#fields, weekday, length));
  }
}

function matchingDays(fields: CalendarFields, weekday: number, length: number): number {
  const moved = fields.movableDays.map((day) => resolveDay(day, weekday, length));
  let pattern = 0;
  for (let day = 1; day <= length; day++) {
    const name = (weekday + day - 1) % 7;
    const byDate = fields.daysOfMonth.includes(day) || moved.includes(day);
    const byName =
      fields.daysOfWeek.includes(name) ||
      (fields.lastWeekdays.includes(name) && day + 7 > length) ||
      fields.nthWeekdays.some(({ weekday, nth }) => weekday === name && nth === Math.ceil(day / 7));
    if (fields.union ? byDate || byName : byDate && byName) pattern |= 1 << (day - 1);
  }
  return pattern;
}

/** Returns the date in a month of `length` days that begins on `weekday`, or `null` if it has no such day. */
function resolveDay(movable: MovableDay, weekday: number, length: number): number | null {
  const date = movable.fromEnd ? length - movable.day : movable.day;
  if (date < 1 || date > length) return null;
  if (!movable.nearestWeekday) return date;
  const name = (weekday + date - 1) % 7;
  if (name === 6) return date === 1 ? 3 : date - 1;
  if (name === 0) return date === length ? date - 2 : date + 1;
  return date;
}

/** For each index up to `size`, the first member at or after it; `size` means none. */
function buildNextTable(members: readonly number[], size: number): Uint8Array {
  const table = new Uint8Array(size + 1).fill(size);
  for (let i = size - 1; i >= 0; i--) table[i] = members.includes(i) ? i : table[i + 1]!;
  return table;
}

function bits(members: readonly number[], lowest: number): number {
  return members.reduce((all, member) => all | (1 << (member - lowest)), 0);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Day 0 was a Thursday. */
function weekdayAt(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 1 && leap ? 29 : LENGTHS[month]!;
}
