import { DAY, MAX_INSTANT, SECOND } from '../instants.ts';
import { DaySearch, startOf, weekdayOf } from './days.ts';

/** The values of each field of an expression, sorted and without duplicates. */
export interface CalendarFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** From 1. May be empty if `movableDays` is not. */
  readonly daysOfMonth: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** Sunday is 0. May be empty if `nthWeekdays` is not. */
  readonly daysOfWeek: readonly number[];
  /** Absent if every year matches. */
  readonly years?: readonly number[] | undefined;
  /** Additional days of the month: `L`, `L-3`, `15W`. */
  readonly movableDays: readonly MovableDay[];
  /** Additional days of the week: `5#2`, the second Friday of the month, and `5L`, the last one. */
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

/** The `nth` (1 to 5) or last given weekday of a month. */
export interface NthWeekday {
  readonly weekday: number;
  readonly nth: number | 'last';
}

/** Finds matching local times, without zones and clock changes; a local time is in milliseconds as if it were UTC. */
export class Calendar {
  readonly years: CalendarFields['years'];
  readonly #days: DaySearch;
  readonly #hours: Uint8Array;
  readonly #minutes: Uint8Array;
  readonly #seconds: Uint8Array;
  /** The first matching second of the day. */
  readonly #opening: number;

  constructor(fields: CalendarFields) {
    this.years = fields.years;
    this.#days = new DaySearch((year, month) => allowedDays(fields, year, month));
    this.#hours = buildNextTable(fields.hours, 24);
    this.#minutes = buildNextTable(fields.minutes, 60);
    this.#seconds = buildNextTable(fields.seconds, 60);
    this.#opening = this.#firstIn(this.#hours[0]!);
  }

  /** Returns the first matching local time at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null {
    const second = Math.ceil(Math.max(local, -MAX_INSTANT) / SECOND);
    const day = Math.floor(second / 86_400);
    let found = this.#dayFrom(day);
    if (found === day) {
      const time = this.#timeFrom(second - day * 86_400);
      if (time !== null) return day * DAY + time * SECOND;
      found = this.#dayFrom(day + 1);
    }
    return found === Infinity ? null : found * DAY + this.#opening * SECOND;
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

  /** Returns the first matching day at or after `day`, in days since 1970-01-01, or `Infinity`. */
  #dayFrom(day: number): number {
    for (let from = day; ;) {
      const found = this.#days.firstFrom(from);
      if (this.years === undefined || found === Infinity) return found;
      const year = new Date(found * DAY).getUTCFullYear();
      const allowed = this.years.find((each) => each >= year);
      if (allowed === undefined || allowed === year) return allowed === year ? found : Infinity;
      from = startOf(allowed, 0);
    }
  }
}

function allowedDays(fields: CalendarFields, year: number, month: number): number {
  if (!fields.months.includes(month + 1)) return 0;
  const first = startOf(year, month);
  const length = startOf(year, month + 1) - first;
  // Sunday is 0.
  const weekday = (weekdayOf(first) + 1) % 7;
  const moved = fields.movableDays.map((day) => resolveDay(day, weekday, length));
  let mask = 0;
  for (let day = 1; day <= length; day++) {
    const name = (weekday + day - 1) % 7;
    const byDate = fields.daysOfMonth.includes(day) || moved.includes(day);
    const byName =
      fields.daysOfWeek.includes(name) ||
      fields.nthWeekdays.some(
        ({ weekday, nth }) => weekday === name && (nth === 'last' ? day + 7 > length : nth === Math.ceil(day / 7)),
      );
    if (fields.union ? byDate || byName : byDate && byName) mask |= 1 << (day - 1);
  }
  return mask;
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
