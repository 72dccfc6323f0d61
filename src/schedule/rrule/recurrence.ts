import { DAY, HOUR, MAX_INSTANT, MINUTE, SECOND } from '../instants.ts';
import { RecurrenceDays } from './recurrence-days.ts';
import { FREQUENCIES, type RecurrenceRule } from './rrule-text.ts';

/** A search ends after 400 years, when the calendar repeats, or after this many periods. */
const MAX_LENGTH = 400 * 366 * DAY;
const MAX_PERIODS = 200_000;

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
  readonly #days: RecurrenceDays;
  /** The times of a period, since the beginning of its day, hour, minute or second. */
  readonly #times: readonly number[];
  readonly #end: number;
  #last: number | undefined;

  /** `start` is the local time of `dtstart`, in whole seconds. Without a part that says otherwise, its date and time recur. */
  constructor(given: RecurrenceRule, start: number) {
    const rule = withDefaults(given, start);
    this.rule = rule;
    this.#start = start;
    this.#days = new RecurrenceDays(rule);
    this.#times = listTimes(rule);
    this.#end = parseLocalUntil(rule.until);
  }

  /** Whether the minutes or hours recur: such times follow elapsed time, see clock-changes.ts. */
  get isElapsed(): boolean {
    return rankOf(this.rule) > 0;
  }

  readonly hasYears = false;

  /** Returns the first local time at or after `local`, or `null` if there is none. */
  firstFrom(local: number): number | null {
    const found = this.#search(Math.max(Math.ceil(local / SECOND) * SECOND, this.#start));
    return found === null || found > this.#lastTime() ? null : found;
  }

  /** The number of periods from that of `dtstart` to that of a local time. */
  periodsTo(local: number): number {
    return this.#periodOf(local) - this.#periodOf(this.#start);
  }

  /** All times of the period that contains a local time, before `BYSETPOS` selects among them. */
  timesAround(local: number): readonly number[] {
    return [...this.#timesOf(this.#periodOf(local))];
  }

  #lastTime(): number {
    return (this.#last ??= this.#findLast());
  }

  #findLast(): number {
    const { count } = this.rule;
    if (count === undefined) return this.#end;
    let last = this.#start - SECOND;
    for (let i = 0; i < count; i++) {
      const next = this.#search(last + SECOND);
      if (next === null) break;
      last = next;
    }
    return Math.min(last, this.#end);
  }

  #search(from: number): number | null {
    const { interval } = this.rule;
    const origin = this.#periodOf(this.#start);
    let step = Math.floor((this.#periodOf(from) - origin) / interval);
    const limit = Math.min(from + MAX_LENGTH, MAX_INSTANT);
    for (let periods = 0; periods < MAX_PERIODS; periods++) {
      const period = origin + step * interval;
      const begin = this.#beginOf(period);
      if (begin > limit) return null;
      const skipTo = this.#endOfMismatch(begin);
      if (skipTo === null) {
        const found = this.#firstInPeriod(period, from);
        if (found !== undefined) return found;
        step += 1;
      } else {
        step = Math.max(step + 1, Math.ceil((this.#periodOf(skipTo) - origin) / interval));
      }
    }
    return null;
  }

  /** For periods within a day: when the day, hour or minute ends that the rule leaves out; else `null`. */
  #endOfMismatch(begin: number): number | null {
    const rank = rankOf(this.rule);
    if (rank === 0) return null;
    const day = Math.floor(begin / DAY);
    if (!this.#days.has(day)) return (day + 1) * DAY;
    for (const { unit, key, size } of SHORT.slice(0, rank)) {
      const allowed = this.rule[key];
      const index = Math.floor(begin / unit);
      const value = ((index % size) + size) % size;
      if (allowed.length > 0 && !allowed.includes(value)) return (index + 1) * unit;
    }
    return null;
  }

  #firstInPeriod(period: number, from: number): number | undefined {
    const { positions } = this.rule;
    if (positions.length === 0) {
      for (const time of this.#timesOf(period)) if (time >= from) return time;
      return undefined;
    }
    const all = [...this.#timesOf(period)];
    const chosen = positions.flatMap((position) => {
      return all.at(position > 0 ? position - 1 : position) ?? [];
    });
    return chosen.toSorted((a, b) => a - b).find((time) => time >= from);
  }

  *#timesOf(period: number): Generator<number> {
    if (rankOf(this.rule) > 0) {
      const begin = this.#beginOf(period);
      for (const time of this.#times) yield begin + time;
      return;
    }
    const last = Math.floor((this.#beginOf(period + 1) - 1) / DAY);
    for (let day = Math.floor(this.#beginOf(period) / DAY); day <= last; day++) {
      if (this.#days.has(day)) for (const time of this.#times) yield day * DAY + time;
    }
  }

  /** The number of the period that contains a local time. */
  #periodOf(local: number): number {
    const { freq, weekStart } = this.rule;
    const date = new Date(local);
    switch (freq) {
      case 'YEARLY':
        return date.getUTCFullYear();
      case 'MONTHLY':
        return date.getUTCFullYear() * 12 + date.getUTCMonth();
      case 'WEEKLY':
        // Day 0 was a Thursday.
        return Math.floor((Math.floor(local / DAY) + 3 - weekStart) / 7);
      case 'DAILY':
        return Math.floor(local / DAY);
      default:
        return Math.floor(local / SHORT[rankOf(this.rule) - 1]!.unit);
    }
  }

  /** The local time at which a period begins. */
  #beginOf(period: number): number {
    const { freq, weekStart } = this.rule;
    switch (freq) {
      case 'YEARLY':
        return Date.UTC(period, 0);
      case 'MONTHLY':
        return Date.UTC(Math.floor(period / 12), period % 12);
      case 'WEEKLY':
        return (period * 7 - 3 + weekStart) * DAY;
      case 'DAILY':
        return period * DAY;
      default:
        return period * SHORT[rankOf(this.rule) - 1]!.unit;
    }
  }
}

/** 0 for periods of a day and longer, 1 for hours, 2 for minutes, 3 for seconds. */
function rankOf({ freq }: RecurrenceRule): number {
  return Math.max(0, FREQUENCIES.indexOf(freq) - FREQUENCIES.indexOf('DAILY'));
}

/** Completes the rule with parts of `dtstart`: a monthly rule without days is due on its day of the month. */
function withDefaults(rule: RecurrenceRule, start: number): RecurrenceRule {
  const date = new Date(start);
  const rank = rankOf(rule);
  const lists = [rule.weekNumbers, rule.yearDays, rule.monthDays, rule.days];
  const hasDays = lists.some(({ length }) => length > 0);
  const isYearly = rule.freq === 'YEARLY';
  const orOf = (list: readonly number[], applies: boolean, value: number) =>
    list.length === 0 && applies ? [value] : list;
  return {
    ...rule,
    months: orOf(rule.months, isYearly && !hasDays, date.getUTCMonth() + 1),
    monthDays: orOf(
      rule.monthDays,
      (isYearly || rule.freq === 'MONTHLY') && !hasDays,
      date.getUTCDate(),
    ),
    days:
      rule.freq === 'WEEKLY' && !hasDays ? [{ weekday: (date.getUTCDay() + 6) % 7 }] : rule.days,
    hours: orOf(rule.hours, rank < 1, date.getUTCHours()),
    minutes: orOf(rule.minutes, rank < 2, date.getUTCMinutes()),
    seconds: orOf(rule.seconds, rank < 3, date.getUTCSeconds()),
  };
}

function listTimes(rule: RecurrenceRule): readonly number[] {
  const rank = rankOf(rule);
  return SHORT.slice(rank).reduce<readonly number[]>(
    (times, { unit, key }) =>
      times.flatMap((time) => rule[key].map((value) => time + value * unit)),
    [0],
  );
}

/** `Infinity` without `UNTIL`, and for one that is an instant. */
function parseLocalUntil(until: string | undefined): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?$/.exec(until ?? '');
  if (!parts) return Infinity;
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}
