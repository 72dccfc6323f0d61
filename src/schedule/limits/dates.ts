import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { findIn } from '../events/intervals.ts';
import { DAY } from '../instants.ts';
import { quote } from '../quote.ts';
import { localSet, type TimeSet } from './time-set.ts';

/** The forms of a date, for error messages. */
const DATE_FORMS =
  'dates such as 2030-12-24, ranges such as 2030-12-24/2031-01-02, or 12-25 for each year';

/**
 * Days, both included: days since 1970-01-01, or of each year as month * 100 + day. The first of a yearly range may be
 * later, for a range over the new year.
 */
interface DateRange {
  readonly first: number;
  readonly last: number;
  readonly isYearly: boolean;
  /** As it is written. */
  readonly text: string;
}

const DATE = String.raw`(?:\d{4}-)?\d\d-\d\d`;
const FORM = new RegExp(`^(${DATE})(?:/(${DATE}))?$`);

/** A set of dates, ranges of dates, and days of each year. Throws a `ConfigError` with every invalid one, at its index. */
export function dates(texts: readonly string[]): TimeSet {
  const errors: Diagnostic[] = [];
  const ranges = texts.flatMap((text, i) => {
    const range = parseRange(text.trim());
    if (typeof range !== 'string') return [range];
    errors.push(errorAt([i], range));
    return [];
  });
  if (errors.length > 0) throw new ConfigError(errors);
  const sorted = [...new Set(texts.map((text) => text.trim()))].toSorted();
  const description = sorted.length > 3 ? `${sorted.length} dates` : sorted.join(', ');
  const yearly = ranges.filter(({ isYearly }) => isYearly);
  const once = ranges.filter(({ isYearly }) => !isYearly);
  const yearlyDays = listMonthDays(yearly);
  const find = findIn(once.map(({ first, last }) => [first, last + 1]));
  const set = localSet(`dates(${sorted.join(' ')})`, description, (local) => {
    const day = Math.floor(local / DAY);
    const { inside, end } = find(day);
    if (yearly.length === 0) return { inside, end: end * DAY };
    return { inside: inside || yearlyDays.has(toMonthDay(day)), end: (day + 1) * DAY };
  });
  return {
    ...set,
    describeAt: (instant, zone) => {
      const day = Math.floor((instant + zone.spanAt(instant).offset) / DAY);
      const monthDay = toMonthDay(day);
      const isIn = (range: DateRange) =>
        range.isYearly ? isInYear(monthDay, range) : day >= range.first && day <= range.last;
      return ranges.find(isIn)?.text ?? null;
    },
  };
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

/** Returns what is wrong with an invalid text. */
function parseRange(text: string): DateRange | string {
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
  return first <= last
    ? monthDay >= first && monthDay <= last
    : monthDay >= first || monthDay <= last;
}

function toMonthDay(day: number): number {
  const date = new Date(day * DAY);
  return (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/** `undefined` for a date that does not exist, such as 2030-02-30. */
function parseDay(text: string): number | undefined {
  const instant = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== text)
    return undefined;
  return instant / DAY;
}
