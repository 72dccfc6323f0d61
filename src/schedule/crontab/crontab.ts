import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { calendarSchedule, type ZoneOptions } from '../calendar/calendar-schedule.ts';
import { FieldError, parseField, type FieldValue } from './crontab-field.ts';
import type { Schedule, ScheduleWarning } from '../schedule.ts';

/** A number, a list or set of numbers, or a string in Celery's grammar: see crontab-field.ts. */
export type CrontabField = number | string | readonly number[] | ReadonlySet<number>;

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
 * Celery's crontab: due at every minute at which **all** fields match, so `{dayOfMonth: 13, dayOfWeek:
 * 'fri'}` is Friday the 13th (in crontab(5), and in `cron`, either day matches). For clock changes see
 * clock-changes.ts. Throws a `ConfigError` with every invalid field; `path` is the name of the field.
 */
export function crontab(fields: CrontabFields = {}, options: ZoneOptions = {}): Schedule {
  if (typeof fields !== 'object') {
    const hint =
      typeof fields === 'string' ? `; for a cron expression use cron("${String(fields)}")` : '';
    throw new ConfigError(`crontab expects fields such as {minute: 0, hour: 4}${hint}`);
  }
  const errors: Diagnostic[] = [];
  const given = byName(fields, errors);
  const warnings: ScheduleWarning[] = [];
  const read = (name: FieldName) => {
    const value = readField(name, given, errors);
    const path = [given.get(name)?.key ?? name];
    warnings.push(...value.warnings.map((message) => ({ path, message })));
    return value;
  };
  const minute = read('minute');
  const hour = read('hour');
  const dayOfWeek = read('dayOfWeek');
  const dayOfMonth = read('dayOfMonth');
  const monthOfYear = read('monthOfYear');
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
      lastWeekdays: [],
      nthWeekdays: [],
      union: false,
    },
  };
  return calendarSchedule(rule, options);
}

interface Given {
  /** In the user's spelling. */
  readonly key: string;
  readonly value: unknown;
}

function byName(fields: object, errors: Diagnostic[]): Map<FieldName, Given> {
  const given = new Map<FieldName, Given>();
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

const EVERY: Given = { key: '', value: '*' };
const UNREAD: FieldValue = { values: [], stepped: false, warnings: [] };

function readField(
  name: FieldName,
  given: Map<FieldName, Given>,
  errors: Diagnostic[],
): FieldValue {
  const { key, value } = given.get(name) ?? EVERY;
  try {
    return parseField(value, FIELDS[name]);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    errors.push(errorAt([key], error.message));
    return UNREAD;
  }
}
