import { calendarSchedule, type ZoneOptions } from './calendar/calendar-schedule.ts';
import { numbersBetween, sortedSet } from './instants.ts';
import { quote } from './text.ts';
import type { Schedule, ScheduleWarning } from './schedule.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../util/diagnostic.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { ConfigError } from '../util/errors.ts';
import { memoize } from '../util/memoize.ts';

/** A number, a list or set of numbers, or a string in Celery's grammar: see `parseField`. */
type CrontabField = number | string | readonly number[] | ReadonlySet<number>;

/** The default of every field is `*`, also of the minute, as in Celery. Snake case is accepted too. */
export interface CrontabFields {
  /** 0-59 */
  readonly minute?: CrontabField | undefined;
  /** 0-23 */
  readonly hour?: CrontabField | undefined;
  /** 0-6, Sunday is 0; or names */
  readonly dayOfWeek?: CrontabField | undefined;
  /** 1-31 */
  readonly dayOfMonth?: CrontabField | undefined;
  /** 1-12, or names */
  readonly monthOfYear?: CrontabField | undefined;
  readonly day_of_week?: CrontabField | undefined;
  readonly day_of_month?: CrontabField | undefined;
  readonly month_of_year?: CrontabField | undefined;
}

const FIELDS = {
  minute: { snake: 'minute', lowest: 0, highest: 59 },
  hour: { snake: 'hour', lowest: 0, highest: 23 },
  dayOfWeek: { snake: 'day_of_week', lowest: 0, highest: 6 },
  dayOfMonth: { snake: 'day_of_month', lowest: 1, highest: 31 },
  monthOfYear: { snake: 'month_of_year', lowest: 1, highest: 12 },
} as const;

type FieldName = keyof typeof FIELDS;
const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

/**
 * Celery's crontab: due at every minute at which **all** fields match, so `{dayOfMonth: 13, dayOfWeek: 'fri'}` is Friday
 * the 13th (in crontab(5), and in `cron`, either day matches). Throws a `ConfigError` with every invalid field.
 */
export function crontab(fields: CrontabFields = {}, options: ZoneOptions = {}): Schedule {
  if (typeof fields !== 'object') {
    const hint = typeof fields === 'string' ? `; for a cron expression use cron("${String(fields)}")` : '';
    throw new ConfigError(`crontab expects fields such as {minute: 0, hour: 4}${hint}`);
  }
  const errors: Diagnostic[] = [];
  const given = byName(fields, errors);
  const warnings: ScheduleWarning[] = [];
  const read = (name: FieldName): FieldValue => {
    const { key, value } = given.get(name) ?? { key: name, value: '*' };
    try {
      const parsed = parseField(value, FIELDS[name]);
      warnings.push(...parsed.warnings.map((message) => ({ path: [key], message })));
      return parsed;
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      errors.push(errorAt([key], error.message));
      return { values: [], stepped: false, warnings: [] };
    }
  };
  const [minute, hour, dayOfWeek, dayOfMonth, monthOfYear] = FIELD_NAMES.map(read) as FiveFields;
  if (errors.length > 0) throw new ConfigError(errors);

  const rule = {
    elapsed: minute.stepped || hour.stepped,
    warnings: warnings.length > 0 ? warnings : undefined,
    fields: {
      seconds: [0],
      minutes: minute.values,
      hours: hour.values,
      daysOfMonth: dayOfMonth.values,
      months: monthOfYear.values,
      daysOfWeek: dayOfWeek.values,
      movableDays: [],
      nthWeekdays: [],
      union: false,
    },
  };
  return calendarSchedule(rule, options);
}

type FiveFields = [FieldValue, FieldValue, FieldValue, FieldValue, FieldValue];

/** The given fields by name, with their keys in the user's spelling. */
function byName(fields: object, errors: Diagnostic[]) {
  const given = new Map<FieldName, { readonly key: string; readonly value: unknown }>();
  for (const [key, value] of Object.entries(fields)) {
    if (errors.length === MAX_PROBLEMS) break;
    if (value === undefined) continue;
    const name = FIELD_NAMES.find((name) => name === key || FIELDS[name].snake === key);
    if (name === undefined) {
      const guess = didYouMean(key, FIELD_NAMES) || `; allowed: ${FIELD_NAMES.join(', ')}`;
      errors.push(errorAt([key], `unknown field${guess}`));
    } else if (given.has(name)) {
      errors.push(errorAt([key], `is given twice: also as ${given.get(name)!.key}`));
    } else {
      given.set(name, { key, value });
    }
  }
  return given;
}

interface FieldValue {
  /** Sorted, without duplicates. */
  readonly values: readonly number[];
  /** The field has `*`, a range or a step, so it describes elapsed time: see clock-changes.ts. */
  readonly stepped: boolean;
  /** Values that Celery accepts but that are most likely a mistake. */
  readonly warnings: readonly string[];
}

/** An invalid field; the message begins with the invalid value. */
class FieldError extends Error {}

type FieldRange = (typeof FIELDS)[FieldName];

const NAMES: ReadonlyMap<string, number> = new Map(
  (
    [
      ['january february march april may june july august september october november december', 1],
      ['sunday monday tuesday wednesday thursday friday saturday', 0],
    ] as const
  ).flatMap(([names, first]) =>
    names.split(' ').flatMap((name, i) => [name, name.slice(0, 3)].map((each) => [each, first + i] as const)),
  ),
);

/** The longest text of a field: a list of all values has fewer characters. */
const MAX_TEXT = 1_000;

const read = memoize<FieldValue>();

/**
 * Parses a field in Celery's grammar: a number, a list or set of numbers, or a string of parts separated by
 * commas. A part is a number, a range `a-b`, or `*`; the last two may be followed by `/step`. A range may
 * wrap around (`fri-mon`, `22-2`), a step counts from the start of its range, and names of days and months
 * are numbers in every field.
 *
 * Two inputs that Celery accepts are rejected because they hide mistakes: characters after a range (it
 * reads `1-5-7` as `1-5`), and words that only begin with a name (it reads `sunrise` as Sunday).
 */
function parseField(input: unknown, range: FieldRange): FieldValue {
  if (typeof input === 'string') {
    return read(`${range.lowest}-${range.highest} ${input}`, () => parseText(input, range));
  }
  const list = typeof input === 'number' ? [input] : input;
  if (!Array.isArray(list) && !(list instanceof Set)) {
    throw new FieldError(`${quote(input)} is not a number, a string, or a list of numbers`);
  }
  const values = new Set<unknown>(list);
  if (values.size === 0) throw new FieldError('an empty list never matches; write "*" for every value');
  const numbers = Array.from(values, (value) => {
    if (typeof value === 'number') return inRange(value, value, range);
    throw new FieldError(`${quote(value)} in a list is not a number; write names as one string, such as "mon,fri"`);
  });
  return { values: sortedSet(numbers), stepped: false, warnings: [] };
}

function parseText(text: string, range: FieldRange): FieldValue {
  if (text.length > MAX_TEXT) throw new FieldError(`${quote(text)} is longer than ${MAX_TEXT} characters`);
  if (text === '') throw new FieldError('"" is empty; write "*" for every value');
  const parts = text.split(',').map((part) => parsePart(part, text, range));
  return {
    values: sortedSet(parts.flatMap((part) => part.values)),
    stepped: parts.some((part) => part.stepped),
    warnings: parts.flatMap((part) => part.warnings),
  };
}

function parsePart(part: string, whole: string, range: FieldRange): FieldValue {
  if (part === '') throw new FieldError(`${quote(whole)} has an empty part between its commas`);
  const [, span, from, to, step] = /^(\*|(\w+)-(\w+))(?:\/(\d+))?$/.exec(part) ?? [];
  if (span === undefined) return { values: [single(part, range)], stepped: false, warnings: [] };
  if (step !== undefined && Number(step) === 0) throw new FieldError(`${quote(part)} has a step of 0`);
  const { lowest, highest } = range;
  const [first, last] = span === '*' ? [lowest, highest] : [single(from!, range), single(to!, range)];
  const width = Number(step ?? 1);
  const all =
    last < first ? [...numbersBetween(first, highest), ...numbersBetween(lowest, last)] : numbersBetween(first, last);
  const values = all.filter((_, i) => i % width === 0);
  const size = highest - lowest + 1;
  const warning =
    `${quote(part)} has a step larger than the field's ${size} values, so it matches only ` +
    `${values[0]}, as in Celery; for an interval use a timedelta`;
  return { values, stepped: true, warnings: width > size ? [warning] : [] };
}

function single(text: string, range: FieldRange): number {
  if (/^ *\d+ *$/.test(text)) return inRange(Number(text), text, range);
  const value = NAMES.get(text.toLowerCase());
  if (value === undefined) throw new FieldError(`${quote(text)} ${explain(text, range)}`);
  return inRange(value, text, range);
}

function explain(text: string, { highest }: FieldRange): string {
  const stepped = /^(\d+)\/(\d+)$/.exec(text);
  if (stepped) return `has a step but no range: write "${stepped[1]}-${highest}/${stepped[2]}"`;
  if (/^ *-\d/.test(text)) return 'is negative';
  if (text.startsWith('@')) return `is a cron nickname; use cron('${text}')`;
  return `is not a number, a name, "*", a range or a step${didYouMean(text, [...NAMES.keys()])}`;
}

function inRange(value: number, shown: unknown, { lowest, highest }: FieldRange): number {
  if (!Number.isInteger(value)) throw new FieldError(`${quote(shown)} is not a whole number`);
  if (value >= lowest && value <= highest) return value;
  const sunday = highest === 6 && value === 7 ? ' (Sunday is 0)' : '';
  throw new FieldError(`${quote(shown)} is out of range ${lowest}-${highest}${sunday}`);
}
