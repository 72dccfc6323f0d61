import { DAY, HOUR, MAX_INSTANT, MINUTE, modulo, SECOND } from '../instants.ts';
import { startOf, type DaySearch } from '../calendar/days.ts';
import { isInstant, parseUntil, PERIODS, rankOf, recurrenceDays, type RecurrenceRule } from './recurrence-days.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';

/** A search ends after 400 years, when the calendar repeats, or after this many periods: 40 ms. */
const MAX_LENGTH = 400 * 366 * DAY;
const MAX_PERIODS = 100_000;

/** The units of periods that are shorter than a day, longest first, and the rule's lists that limit them. */
const SHORT = [
  { unit: HOUR, key: 'hours', size: 24 },
  { unit: MINUTE, key: 'minutes', size: 60 },
  { unit: SECOND, key: 'seconds', size: 60 },
] as const;

/**
 * The local times of a recurrence rule, without zones and clock changes; a local time is in milliseconds as if it were
 * UTC. Each period (a year for `YEARLY`, an hour for `HOURLY`) has a set of times, and every `INTERVAL`-th period counts,
 * from the one with `dtstart`.
 */
export class Recurrence {
  /** The rule with the parts that it takes from `dtstart`. */
  readonly rule: RecurrenceRule;
  readonly #start: number;
  /** The beginning of period 0, unless periods are months or years. */
  readonly #origin: number;
  readonly #days: DaySearch;
  /** The times of a day, or of a shorter period. */
  readonly #times: PeriodTimes;
  readonly #end: number;
  readonly #isNever: boolean;
  #last: number | undefined;

  /** `start` is the local time of `dtstart`, in whole seconds. Without a part that says otherwise, its date and time recur. */
  constructor(given: RecurrenceRule, start: number) {
    const rule = withDefaults(given, start);
    this.rule = rule;
    this.#start = start;
    // Day 0 was a Thursday.
    this.#origin = rule.freq === 'WEEKLY' ? (rule.weekStart - 3) * DAY : 0;
    this.#days = recurrenceDays(rule);
    const parts = SHORT.slice(rankOf(rule)).map(({ unit, key }) => ({ unit, values: rule[key] }));
    this.#times = new PeriodTimes(parts);
    const { until } = rule;
    this.#end = until === undefined || isInstant(until) ? Infinity : parseUntil(until);
    const most = Math.ceil(PERIODS[rule.freq].length / DAY) * this.#times.count;
    const { positions } = rule;
    this.#isNever = positions.length > 0 && positions.every((each) => Math.abs(each) > most);
  }

  /** Whether the minutes or hours recur: such times follow elapsed time, see clock-changes.ts. */
  get isElapsed(): boolean {
    return rankOf(this.rule) > 0;
  }

  /** Returns the first local time at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null {
    const found = this.#search(Math.max(Math.ceil(local / SECOND) * SECOND, this.#start));
    return found === null || found > this.#lastTime() ? null : found;
  }

  /** The number of periods between `dtstart` and a local time. */
  periodsTo(local: number): number {
    return this.#periodOf(local) - this.#periodOf(this.#start);
  }

  /** The index from 0 of a local time in its period, before `BYSETPOS` selects; -1 if the period does not have it. */
  indexInPeriod(local: number): { readonly index: number; readonly length: number } {
    const { length, at, indexFrom } = this.#timesOf(this.#periodOf(local));
    const index = indexFrom(local);
    return { index: index < length && at(index) === local ? index : -1, length };
  }

  #lastTime(): number {
    const { count } = this.rule;
    if (count === undefined) return this.#end;
    if (this.#last !== undefined) return this.#last;
    let last = this.#start - SECOND;
    const budget = { periods: MAX_PERIODS };
    for (let i = 0; i < count; i++) {
      const next = this.#search(last + SECOND, budget);
      if (budget.periods <= 0) {
        const most = thousands(MAX_PERIODS);
        throw new ConfigError(`COUNT=${count} needs a search of more than ${most} periods; use UNTIL instead`);
      }
      if (next === null) break;
      last = next;
    }
    return (this.#last = Math.min(last, this.#end));
  }

  #search(from: number, budget = { periods: MAX_PERIODS }): number | null {
    if (this.#isNever) return null;
    const { interval } = this.rule;
    const origin = this.#periodOf(this.#start);
    let step = Math.floor((this.#periodOf(from) - origin) / interval);
    const limit = Math.min(from + MAX_LENGTH, MAX_INSTANT);
    for (; budget.periods > 0; budget.periods--) {
      const period = origin + step * interval;
      const begin = this.#beginOf(period);
      if (begin > limit) return null;
      const skipTo = this.#endOfMismatch(period, begin);
      if (skipTo === null) {
        const found = this.#firstInPeriod(period, from);
        if (found !== undefined) return found;
        step += 1;
      } else if (skipTo > limit) return null;
      else step = Math.max(step + 1, Math.ceil((this.#periodOf(skipTo) - origin) / interval));
    }
    return null;
  }

  /** The end of the day, hour or minute that the rule excludes around a period; `null` if it excludes none. */
  #endOfMismatch(period: number, begin: number): number | null {
    const allowedDay = this.#days.firstFrom(Math.floor(begin / DAY));
    if (allowedDay * DAY >= this.#beginOf(period + 1)) return allowedDay * DAY;
    for (const { unit, key, size } of SHORT.slice(0, rankOf(this.rule))) {
      const allowed = this.rule[key];
      const index = Math.floor(begin / unit);
      if (allowed.length > 0 && !allowed.includes(modulo(index, size))) return (index + 1) * unit;
    }
    return null;
  }

  #firstInPeriod(period: number, from: number): number | undefined {
    const { positions } = this.rule;
    if (positions.length === 0) {
      const begin = this.#beginOf(period);
      return this.#firstFrom(Math.max(from, begin), begin, this.#beginOf(period + 1));
    }
    const { length, at } = this.#timesOf(period);
    const chosen = positions
      .map((position) => (position > 0 ? position - 1 : length + position))
      .filter((index) => index >= 0 && index < length)
      .map(at);
    const later = chosen.filter((time) => time >= from);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  /** The first time at or after `from` in a period from `begin` to `end`. */
  #firstFrom(from: number, begin: number, end: number): number | undefined {
    const times = this.#times;
    // Shorter periods than a day have one beginning; longer periods have the beginning of each day.
    const isShort = rankOf(this.rule) > 0;
    let start = isShort ? begin : this.#days.firstFrom(Math.floor(from / DAY)) * DAY;
    while (start < end) {
      const index = times.indexFrom(Math.max(0, from - start));
      if (index < times.count) return start + times.at(index);
      if (isShort) return undefined;
      start = this.#days.firstFrom(start / DAY + 1) * DAY;
    }
    return undefined;
  }

  #timesOf(period: number): TimeList {
    const times = this.#times;
    const starts = rankOf(this.rule) > 0 ? [this.#beginOf(period)] : this.#daysOf(period);
    return {
      length: starts.length * times.count,
      at: (index) => starts[Math.floor(index / times.count)]! + times.at(index % times.count),
      indexFrom: (local) => {
        const after = starts.findIndex((start) => start > local);
        const day = (after < 0 ? starts.length : after) - 1;
        if (day < 0) return 0;
        return day * times.count + times.indexFrom(local - starts[day]!);
      },
    };
  }

  #daysOf(period: number): readonly number[] {
    const end = this.#beginOf(period + 1);
    const found: number[] = [];
    let day = this.#days.firstFrom(Math.floor(this.#beginOf(period) / DAY));
    for (; day * DAY < end; day = this.#days.firstFrom(day + 1)) found.push(day * DAY);
    return found;
  }

  #periodOf(local: number): number {
    const { freq } = this.rule;
    if (freq !== 'YEARLY' && freq !== 'MONTHLY') return Math.floor((local - this.#origin) / PERIODS[freq].length);
    const date = new Date(local);
    return freq === 'YEARLY' ? date.getUTCFullYear() : date.getUTCFullYear() * 12 + date.getUTCMonth();
  }

  #beginOf(period: number): number {
    const { freq } = this.rule;
    if (freq === 'YEARLY') return startOf(period, 0) * DAY;
    if (freq === 'MONTHLY') return startOf(Math.floor(period / 12), modulo(period, 12)) * DAY;
    return this.#origin + period * PERIODS[freq].length;
  }
}

/** Completes the rule with parts of `dtstart`: a monthly rule without days is due on its day of the month. */
function withDefaults(rule: RecurrenceRule, start: number): RecurrenceRule {
  const date = new Date(start);
  const rank = rankOf(rule);
  const hasDays = [rule.weekNumbers, rule.yearDays, rule.monthDays, rule.days].some(({ length }) => length > 0);
  const isYearly = rule.freq === 'YEARLY';
  const orOf = (list: readonly number[], applies: boolean, value: number) =>
    list.length === 0 && applies ? [value] : list;
  return {
    ...rule,
    months: orOf(rule.months, isYearly && !hasDays, date.getUTCMonth() + 1),
    monthDays: orOf(rule.monthDays, (isYearly || rule.freq === 'MONTHLY') && !hasDays, date.getUTCDate()),
    days: rule.freq === 'WEEKLY' && !hasDays ? [{ weekday: (date.getUTCDay() + 6) % 7 }] : rule.days,
    hours: orOf(rule.hours, rank < 1, date.getUTCHours()),
    minutes: orOf(rule.minutes, rank < 2, date.getUTCMinutes()),
    seconds: orOf(rule.seconds, rank < 3, date.getUTCSeconds()),
  };
}

/** The times of a period in order, which are computed and not listed. */
interface TimeList {
  readonly length: number;
  readonly at: (index: number) => number;
  readonly indexFrom: (local: number) => number;
}

/** A part of a time: `values` of a unit in milliseconds, ascending. */
interface TimePart {
  readonly unit: number;
  readonly values: readonly number[];
}

/** The times of a period: combinations of hours, minutes and seconds, computed because a day may have 86,400. */
export class PeriodTimes {
  /** With the number of times within one value. */
  readonly #parts: readonly (TimePart & { readonly within: number })[];
  readonly count: number;

  /** The longest unit first. */
  constructor(parts: readonly TimePart[]) {
    let count = 1;
    const shortestFirst = parts.toReversed().map((part) => {
      const within = count;
      count *= part.values.length;
      return { ...part, within };
    });
    this.#parts = shortestFirst.reverse();
    this.count = count;
  }

  /** The time at an index from 0, in milliseconds. */
  at(index: number): number {
    let time = 0;
    for (const { unit, values, within } of this.#parts) {
      time += values[Math.floor(index / within) % values.length]! * unit;
    }
    return time;
  }

  /** The index of the first time at or after `time`; `count` if there is none. */
  indexFrom(time: number): number {
    let index = 0;
    let rest = time;
    for (const { unit, values, within } of this.#parts) {
      const value = Math.floor(rest / unit);
      const passed = values.findIndex((each) => each >= value);
      if (passed < 0) return index + values.length * within;
      index += passed * within;
      if (values[passed] !== value) return index;
      rest -= value * unit;
    }
    return rest > 0 ? index + 1 : index;
  }
}
