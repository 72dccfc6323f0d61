import { DAY, MAX_INSTANT, modulo } from '../instants.ts';

// A day is a number of days since 1970-01-01.

/** The Gregorian calendar repeats after 400 years. */
const CYCLE_YEARS = 400;
const CYCLE_DAYS = 146_097;

/** Returns the allowed days of a month, which counts from 0, as a bit mask; bit 0 is day 1. */
export type AllowedDays = (year: number, month: number) => number;

/** Searches days by a rule for the days of a month, computed once for each of the 28 kinds of year. */
export class DaySearch {
  readonly #allowed: AllowedDays;
  readonly #months = new Map<number, number>();
  // No day from #asked on is allowed before #found.
  #asked = Infinity;
  #found = -Infinity;

  constructor(allowed: AllowedDays) {
    this.#allowed = allowed;
  }

  has(day: number): boolean {
    return this.firstFrom(day) === day;
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
    let month = date.getUTCMonth();
    let past = date.getUTCDate() - 1;
    const first = date.getUTCFullYear();
    for (let year = first; year <= first + CYCLE_YEARS; year++) {
      const leaps = isLeap(year - 1) * 4 + isLeap(year) * 2 + isLeap(year + 1);
      const kind = weekdayOf(startOf(year, 0)) * 8 + leaps;
      for (; month < 12; month++) {
        const left = (this.#maskOf(kind, year, month) >>> past) << past;
        // The index of the lowest bit.
        if (left !== 0) return startOf(year, month) + 31 - Math.clz32(left & -left);
        past = 0;
      }
      month = 0;
    }
    return Infinity;
  }

  #maskOf(kind: number, year: number, month: number): number {
    const key = kind * 12 + month;
    let mask = this.#months.get(key);
    if (mask === undefined) this.#months.set(key, (mask = this.#allowed(year, month)));
    return mask;
  }
}

/** The first day of a month. `Date.UTC` reads the years 0 to 99 as 1900 to 1999. */
export function startOf(year: number, month: number): number {
  const cycles = Math.floor((year - 2000) / CYCLE_YEARS);
  return Date.UTC(year - cycles * CYCLE_YEARS, month) / DAY + cycles * CYCLE_DAYS;
}

/** Monday is 0; day 0 was a Thursday. */
export function weekdayOf(day: number): number {
  return modulo(day + 3, 7);
}

function isLeap(year: number): 0 | 1 {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
}
