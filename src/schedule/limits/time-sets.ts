import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { findIn, type Interval, type Stretch } from '../../util/intervals.ts';
import { formatCron } from '../calendar/calendar-text.ts';
import { Calendar } from '../calendar/calendar.ts';
import { weekdayOf } from '../calendar/days.ts';
import { cronFields } from '../cron/cron.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../instants.ts';
import { quote } from '../text.ts';
import type { Zone } from '../zone/zone.ts';

/** A set of instants by which occurrences are selected: times of the day, weekdays, the events of a calendar. */
export interface TimeSet {
  /** Canonical text, equal for equal sets and different for different ones: a part of the `spec` of schedules. */
  readonly spec: string;
  /** The set in English, such as `09:00-17:00`. */
  readonly description: string;
  /** Finds the stretch of time that contains an instant (epoch milliseconds), by the clocks of a zone. */
  readonly stretchAt: StretchAt;
  /** The event or holiday that decides whether the set has an instant; `null` without a better name than the set's. */
  readonly describeAt?: (instant: number, zone: Zone) => string | null;
}

export type StretchAt = (instant: number, zone: Zone) => Stretch;

/** A set that the wall clock determines: it includes both passes of a repeated hour. `find` takes local times. */
export function byLocalTime(find: (local: number) => Stretch): StretchAt {
  return (instant, zone) => {
    const { offset, end } = zone.spanAt(instant);
    const stretch = find(instant + offset);
    return { inside: stretch.inside, end: Math.min(stretch.end - offset, end) };
  };
}

/** The instants that are in any of the sets. */
export function union(sets: readonly TimeSet[], description: string): TimeSet {
  return {
    spec: sets.map(({ spec }) => spec).join(' '),
    description,
    stretchAt: anyOf(sets.map(({ stretchAt }) => stretchAt)),
    describeAt: (instant, zone) => {
      const within = sets.filter((set) => set.stretchAt(instant, zone).inside);
      const names =
        within.length > 0
          ? within.map((set) => set.describeAt?.(instant, zone) ?? set.description)
          : sets.flatMap((set) => set.describeAt?.(instant, zone) ?? []);
      return names.length === 0 ? null : names.join(', ');
    },
  };
}

/** The union of sets without names. */
export function anyOf(sets: readonly StretchAt[]): StretchAt {
  return (instant, zone) => {
    const stretches = sets.map((stretchAt) => stretchAt(instant, zone));
    const containing = stretches.filter(({ inside }) => inside);
    if (containing.length > 0) return { inside: true, end: Math.max(...containing.map(({ end }) => end)) };
    return { inside: false, end: Math.min(...stretches.map(({ end }) => end), Infinity) };
  };
}

/** Parses each text. Throws a `ConfigError` with every error, each at the index of its text. */
function parseEach<T extends object>(texts: readonly string[], parse: (text: string) => T | string): readonly T[] {
  const errors: Diagnostic[] = [];
  const parsed = texts.flatMap((text, i) => {
    const value = parse(text);
    if (typeof value !== 'string') return [value];
    errors.push(errorAt([i], value));
    return [];
  });
  if (errors.length > 0) throw new ConfigError(errors);
  return parsed;
}

const TIME = String.raw`(\d\d?):(\d\d)(?::(\d\d))?`;
const RANGE = new RegExp(String.raw`^\s*${TIME}\s*-\s*${TIME}\s*$`);

export const TIME_RANGE = 'times of day such as 09:00-17:00 or 22:00-06:00';

/** Times of day such as `09:00-17:00`. The end is exclusive, and may be on the next day. Throws a `ConfigError`. */
export function timesOfDay(texts: readonly string[]): TimeSet {
  const ranges = parseEach(texts, parseTimes);
  const text = ranges
    .map((range) => range.map(formatTime).join('-'))
    .toSorted()
    .join(' ');
  const find = findIn(
    ranges.flatMap(([start, end]): Interval[] =>
      start < end
        ? [[start, end]]
        : [
            [start, DAY],
            [0, end],
          ],
    ),
  );
  const stretchAt = byLocalTime((local) => {
    const midnight = Math.floor(local / DAY) * DAY;
    const { inside, end } = find(local - midnight);
    return { inside, end: midnight + Math.min(end, DAY) };
  });
  return { spec: `times(${text})`, description: text.replaceAll(' ', ' and '), stretchAt };
}

/** Parses to milliseconds since midnight; across midnight the exclusive end is not later. Errors are text. */
function parseTimes(text: string): Interval | string {
  const expected = `expected ${TIME_RANGE}, got ${quote(text)}`;
  const [, ...parts] = RANGE.exec(text) ?? [];
  if (parts.length === 0) return expected;
  const start = parseTime(parts.slice(0, 3));
  const end = parseTime(parts.slice(3));
  if (start === null || end === null || start === DAY) return expected;
  if (start === end) return `${quote(text)} has no length; leave it out for the whole day`;
  return [start, end];
}

/** Milliseconds since midnight, up to 24:00; `null` for a time that does not exist. */
function parseTime(parts: readonly (string | undefined)[]): number | null {
  const [hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  if (minutes > 59 || seconds > 59) return null;
  const time = hours * HOUR + minutes * MINUTE + seconds * SECOND;
  return time <= DAY ? time : null;
}

function formatTime(time: number): string {
  if (time === DAY) return '24:00';
  return new Date(time).toISOString().slice(11, 19).replace(/:00$/, '');
}

const DATE_FORMS = 'dates such as 2030-12-24, ranges such as 2030-12-24/2031-01-02, or 12-25 for each year';

/** A range of days, both included: since 1970-01-01, or month * 100 + day, in which the first may be after the last. */
interface DateRange {
  readonly first: number;
  readonly last: number;
  readonly isYearly: boolean;
  /** As it is written. */
  readonly text: string;
}

const DATE = String.raw`(?:\d{4}-)?\d\d-\d\d`;
const FORM = new RegExp(`^(${DATE})(?:/(${DATE}))?$`);

/** A set of dates, ranges of dates, and days of each year. Throws a `ConfigError`. */
export function dates(texts: readonly string[]): TimeSet {
  const trimmed = texts.map((text) => text.trim());
  const ranges = parseEach(trimmed, parseDates);
  const sorted = [...new Set(trimmed)].toSorted();
  const description = sorted.length > 3 ? `${sorted.length} dates` : sorted.join(', ');
  const yearly = ranges.filter(({ isYearly }) => isYearly);
  const once = ranges.filter(({ isYearly }) => !isYearly);
  const yearlyDays = listMonthDays(yearly);
  const findOnce = findIn(once.map(({ first, last }) => [first, last + 1]));
  const find = (day: number): Stretch => {
    const stretch = findOnce(day);
    if (yearly.length === 0) return stretch;
    return { inside: stretch.inside || yearlyDays.has(toMonthDay(day)), end: day + 1 };
  };
  return daySet(`dates(${sorted.join(' ')})`, description, find, (day) => {
    const isIn = (range: DateRange) =>
      range.isYearly ? isInYear(toMonthDay(day), range) : day >= range.first && day <= range.last;
    return ranges.find(isIn)?.text ?? null;
  });
}

/** The days of a year that are in any of these ranges. */
function listMonthDays(yearly: readonly DateRange[]): ReadonlySet<number> {
  const found = new Set<number>();
  const unique = [...new Map(yearly.map((each) => [`${each.first} ${each.last}`, each])).values()];
  // In a leap year every day of a year exists.
  const start = Date.UTC(2028, 0) / DAY;
  for (let day = start; day < start + 366; day++) {
    const monthDay = toMonthDay(day);
    if (unique.some((range) => isInYear(monthDay, range))) found.add(monthDay);
  }
  return found;
}

/** Parses a date or a range. Returns an error as text. */
function parseDates(text: string): DateRange | string {
  const [, from, to = from] = FORM.exec(text) ?? [];
  const expected = `expected ${DATE_FORMS}, got ${quote(text)}`;
  if (from?.length !== to?.length || from === undefined || to === undefined) return expected;
  const isYearly = from.length === 5;
  // In a leap year every day of a year exists.
  const [first, last] = [from, to].map((date) => parseDay(isYearly ? `2028-${date}` : date));
  if (first === undefined || last === undefined) return `${quote(text)} is not in the calendar`;
  if (isYearly) return { first: toMonthDay(first), last: toMonthDay(last), isYearly, text };
  if (last < first) return `${quote(text)} ends before it begins`;
  return { first, last, isYearly, text };
}

function isInYear(monthDay: number, { first, last }: DateRange): boolean {
  return first <= last ? monthDay >= first && monthDay <= last : monthDay >= first || monthDay <= last;
}

function toMonthDay(day: number): number {
  const date = new Date(day * DAY);
  return (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/** `undefined` for a date that does not exist, such as 2030-02-30. */
function parseDay(text: string): number | undefined {
  const instant = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text) return undefined;
  return instant / DAY;
}

/** The days off of a country. A day is a number of days since 1970-01-01. */
export interface DaysOff {
  /** Such as `DE-BY`. */
  readonly code: string;
  /** The name of a public holiday, or `null` for another day. */
  readonly holidayAt: (day: number) => string | null;
  /** Whether the weekend of the country has a weekday; Sunday is 0. */
  readonly isWeekend: (weekday: number) => boolean;
}

export function holidays({ code, holidayAt }: DaysOff): TimeSet {
  const find = (day: number) => ({ inside: holidayAt(day) !== null, end: day + 1 });
  return daySet(`holidays(${code})`, `holidays of ${code}`, find, holidayAt);
}

/** The days of a country that are neither public holidays nor weekend. */
export function businessDays({ code, holidayAt, isWeekend }: DaysOff): TimeSet {
  const isBusiness = (day: number) => !isWeekend((weekdayOf(day) + 1) % 7) && holidayAt(day) === null;
  const find = (day: number) => ({ inside: isBusiness(day), end: day + 1 });
  return daySet(`business(${code})`, `business days of ${code}`, find, holidayAt);
}

function daySet(
  spec: string,
  description: string,
  find: (day: number) => Stretch,
  nameOf: (day: number) => string | null,
): TimeSet {
  const stretchAt = byLocalTime((local) => {
    const { inside, end } = find(Math.floor(local / DAY));
    return { inside, end: end * DAY };
  });
  const describeAt = (instant: number, zone: Zone) => nameOf(Math.floor((instant + zone.spanAt(instant).offset) / DAY));
  return { spec, description, stretchAt, describeAt };
}

/** The minutes that a cron expression of five fields matches: `* 9-16 * * mon-fri`. Throws a `ConfigError`. */
export function cronTimes(expression: string): TimeSet {
  const fields = cronFields(expression);
  const calendar = new Calendar(fields);
  const isFullHour = fields.minutes.length === 60;
  const isFullDay = isFullHour && fields.hours.length === 24;
  const unit = isFullDay ? DAY : isFullHour ? HOUR : MINUTE;
  const days = fields.union ? ' either-day' : '';
  const stretchAt = byLocalTime((local) => {
    const minute = Math.floor(local / MINUTE) * MINUTE;
    const next = calendar.firstFrom(minute) ?? Infinity;
    if (next > minute) return { inside: false, end: next };
    return { inside: true, end: (Math.floor(local / unit) + 1) * unit };
  });
  return { spec: `cron(${formatCron(fields)}${days})`, description: `cron ${expression.trim()}`, stretchAt };
}
