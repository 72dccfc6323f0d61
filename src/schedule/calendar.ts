import { DAY, MAX_INSTANT, SECOND } from './instants.ts';

/** The fields of an expression as sets. Sorted and without repeats. */
export interface CalendarFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** From 1. May be empty where `movableDays` says more. */
  readonly daysOfMonth: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** Sunday is 0. May be empty where the two below say more. */
  readonly daysOfWeek: readonly number[];
  /** Absent for every year. */
  readonly years?: readonly number[] | undefined;
  /** `L`, `L-3`, `15W`: these days of the month as well. */
  readonly movableDays: readonly MovableDay[];
  /** `5L`: the last of these weekdays in the month as well. */
  readonly lastWeekdays: readonly number[];
  /** `5#2`: the second Friday of the month as well. */
  readonly nthWeekdays: readonly NthWeekday[];
  /** Whether a day need only match one of day of month and day of week, not both. */
  readonly union: boolean;
}

/** A day of the month whose date depends on how the month lies in the calendar. */
export interface MovableDay {
  /** From 1; with `fromEnd`, how many days before the last. */
  readonly day: number;
  readonly fromEnd: boolean;
  /** Monday to Friday, in the same month: Friday for a Saturday, Monday for a Sunday. */
  readonly nearestWeekday: boolean;
}

/** Of a month; `nth` is 1 to 5. */
export interface NthWeekday {
  readonly weekday: number;
  readonly nth: number;
}

/** In 400 years every month comes with every weekday for its first that it will ever have. */
const MONTHS_OF_A_CYCLE = 400 * 12;

/**
 * Which local times match, zones and clock changes aside: local times are milliseconds as if local
 * time were UTC. A day is found by bits: the matching days of a month depend only on its length and
 * the weekday of its first, so there are 28 patterns, each worked out once.
 */
export class Calendar {
  readonly #fields: CalendarFields;
  readonly #hours: Uint8Array;
  readonly #minutes: Uint8Array;
  readonly #seconds: Uint8Array;
  readonly #months: number;
  /** The first matching second of any matching day. */
  readonly #opening: number;
  readonly #patterns: (number | undefined)[] = [];

  constructor(fields: CalendarFields) {
    this.#fields = fields;
    this.#hours = firstFromTable(fields.hours, 24);
    this.#minutes = firstFromTable(fields.minutes, 60);
    this.#seconds = firstFromTable(fields.seconds, 60);
    this.#months = bits(fields.months, 1);
    this.#opening = this.#firstIn(this.#hours[0]!);
  }

  /** Whether it ends with the last of certain years. */
  get hasYears(): boolean {
    return this.#fields.years !== undefined;
  }

  /** The first matching local time at or after `local`; `null` when there is none, ever. */
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

  /** The first matching second of the day at or after `time`; `null` when the day has no more. */
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

  /** The first matching day at or after a day, both as days since 1970-01-01. */
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
        const left = (this.#pattern(weekdayOf(first), length) >>> past) << past;
        if (left !== 0) return first + lowestBit(left);
      }
      first += length;
      past = 0;
      month = (month + 1) % 12;
      if (month === 0) year++;
    }
    return null;
  }

  /** The first matching year at or after a year. */
  #yearFrom(year: number): number | null {
    const { years } = this.#fields;
    return years === undefined ? year : (years.find((one) => one >= year) ?? null);
  }

  /** The matching days of a month that begins on `weekday`: bit 0 is the first. */
  #pattern(weekday: number, length: number): number {
    const key = weekday * 4 + length - 28;
    return (this.#patterns[key] ??= matchingDays(this.#fields, weekday, length));
  }
}

function matchingDays(fields: CalendarFields, weekday: number, length: number): number {
  const moved = fields.movableDays.map((day) => dateOf(day, weekday, length));
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

/** In a month of `length` days that begins on `weekday`; `null` where the month has no such day. */
function dateOf(movable: MovableDay, weekday: number, length: number): number | null {
  const date = movable.fromEnd ? length - movable.day : movable.day;
  if (date < 1 || date > length) return null;
  if (!movable.nearestWeekday) return date;
  const name = (weekday + date - 1) % 7;
  if (name === 6) return date === 1 ? 3 : date - 1;
  if (name === 0) return date === length ? date - 2 : date + 1;
  return date;
}

/** For every number up to `size`, the first member at or after it; `size` stands for none. */
function firstFromTable(members: readonly number[], size: number): Uint8Array {
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
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 1 && leap ? 29 : LENGTHS[month]!;
}
