/**
 * Fields of cron expressions beyond crontab(5), each with the days or times that it means. The conditions
 * look at one date at a time and know nothing of patterns, sets or canonical texts.
 */
import fc from 'fast-check';

export interface FieldCase {
  readonly text: string;
  readonly holds: (date: Date) => boolean;
}

const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const lengthOf = (date: Date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

/** Whether no weekday of the month is nearer to a day of it than the date, which is one itself. */
function isNearestWeekday(date: Date, day: number): boolean {
  const length = lengthOf(date);
  if (day < 1 || day > length) return false;
  const weekdays = Array.from({ length }, (_, i) => i + 1).filter((one) => {
    const name = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), one)).getUTCDay();
    return name !== 0 && name !== 6;
  });
  const distance = Math.min(...weekdays.map((one) => Math.abs(one - day)));
  return weekdays.includes(date.getUTCDate()) && Math.abs(date.getUTCDate() - day) === distance;
}

const cased = (text: string) => fc.constantFrom(text, text.toUpperCase());

/** A range with a step that may wrap around, computed by counting from its start. */
function range(
  lowest: number,
  highest: number,
  valueOf: (date: Date) => number,
  nameOf: (value: number) => string = String,
): fc.Arbitrary<FieldCase> {
  const value = fc.integer({ min: lowest, max: highest });
  const step = fc.integer({ min: 1, max: highest - lowest + 1 });
  return fc.tuple(value, value, step).map(([from, to, width]) => ({
    text: `${nameOf(from)}-${nameOf(to)}${width === 1 ? '' : `/${width}`}`,
    holds: (date) => {
      for (let at = from, count = 0; ; at = at === highest ? lowest : at + 1, count++) {
        if (count % width === 0 && at === valueOf(date)) return true;
        if (at === to) return false;
      }
    },
  }));
}

const day = fc.integer({ min: 1, max: 31 });
const back = fc.integer({ min: 1, max: 30 });

const dayOfMonthPart: fc.Arbitrary<FieldCase> = fc.oneof(
  day.map((n) => ({ text: String(n), holds: (date: Date) => date.getUTCDate() === n })),
  day.map((n) => ({ text: `${n}W`, holds: (date: Date) => isNearestWeekday(date, n) })),
  back.map((n) => ({ text: `L-${n}`, holds: (date: Date) => date.getUTCDate() === lengthOf(date) - n })),
  back.map((n) => ({ text: `l-${n}w`, holds: (date: Date) => isNearestWeekday(date, lengthOf(date) - n) })),
  fc.constant({ text: 'LW', holds: (date: Date) => isNearestWeekday(date, lengthOf(date)) }),
  fc.constant({ text: 'L', holds: (date: Date) => date.getUTCDate() === lengthOf(date) }),
  range(1, 31, (date) => date.getUTCDate()),
);

const weekday = fc.integer({ min: 0, max: 6 });
const place = fc.integer({ min: 1, max: 5 });

const dayOfWeekPart: fc.Arbitrary<FieldCase> = fc.oneof(
  fc
    .tuple(weekday, place, fc.boolean())
    .map(([n, nth, named]) => ({
      text: `${named ? NAMES[n]! : n}#${nth}`,
      holds: (date: Date) => date.getUTCDay() === n && Math.ceil(date.getUTCDate() / 7) === nth,
    })),
  fc
    .tuple(weekday, fc.constantFrom('#L', 'L', 'l', '#l'))
    .map(([n, end]) => ({ text: `${NAMES[n]!}${end}`, holds: isLast(n) })),
  weekday.map((n) => ({ text: `L${n}`, holds: isLast(n) })),
  range(
    0,
    6,
    (date) => date.getUTCDay(),
    (value) => NAMES[value]!,
  ),
  fc.constant({ text: '7', holds: (date: Date) => date.getUTCDay() === 0 }),
);

function isLast(weekdayOf: number): (date: Date) => boolean {
  return (date) => date.getUTCDay() === weekdayOf && date.getUTCDate() + 7 > lengthOf(date);
}

const year = fc.integer({ min: 2024, max: 2029 });
const yearPart: fc.Arbitrary<FieldCase> = fc.oneof(
  year.map((n) => ({ text: String(n), holds: (date: Date) => date.getUTCFullYear() === n })),
  fc
    .tuple(year, fc.integer({ min: 0, max: 3 }))
    .map(([from, more]) => ({
      text: `${from}-${from + more}`,
      holds: (date: Date) => date.getUTCFullYear() >= from && date.getUTCFullYear() <= from + more,
    })),
);

const ANY: FieldCase = { text: '*', holds: () => true };

/** One to three parts with commas between, or a star. */
function field(part: fc.Arbitrary<FieldCase>, stars: number): fc.Arbitrary<FieldCase> {
  const parts = fc
    .array(part, { minLength: 1, maxLength: 3 })
    .chain((all) =>
      cased(all.map(({ text }) => text).join(',')).map((text) => ({
        text,
        holds: (date: Date) => all.some(({ holds }) => holds(date)),
      })),
    );
  return fc.oneof({ weight: stars, arbitrary: fc.constant(ANY) }, { weight: 4, arbitrary: parts });
}

export const dayFields = fc.record({
  dayOfMonth: field(dayOfMonthPart, 2),
  month: field(
    range(
      1,
      12,
      (date) => date.getUTCMonth() + 1,
      (value) => MONTHS[value - 1]!,
    ),
    4,
  ),
  dayOfWeek: field(dayOfWeekPart, 2),
  year: field(yearPart, 4),
});

export const timeFields = fc.record({
  minute: field(
    range(0, 59, (date) => date.getUTCMinutes()),
    1,
  ),
  hour: field(
    range(0, 23, (date) => date.getUTCHours()),
    1,
  ),
});
