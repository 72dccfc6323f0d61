import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import {
  calendarSchedule,
  type CalendarRule,
  type ZoneOptions,
} from '../calendar/calendar-schedule.ts';
import type { CalendarFields } from '../calendar/calendar.ts';
import { uniqueMovableDays, uniqueNthWeekdays } from '../calendar/calendar-text.ts';
import { CRON_FIELDS } from './cron-fields.ts';
import { readParts, type Part } from './cron-part.ts';
import { PartError } from './cron-value.ts';
import { HashedCron } from './hashed-cron.ts';
import { readNickname } from './nicknames.ts';
import type { Schedule } from '../schedule.ts';
import { quote } from '../quote.ts';
import { timedelta } from '../timedelta.ts';

export interface CronOptions extends ZoneOptions {
  /** The text from which `H` is computed; by default the name of the entry. */
  readonly seed?: string | undefined;
}

/**
 * A cron expression: `minute hour day-of-month month day-of-week`, with seconds first if there are six
 * fields, and also a year last if there are seven; or a nickname such as `@daily` or `@every 5m`. As in
 * crontab(5), a day matches if either day field matches, unless one of them begins with `*` (in `crontab`,
 * as in Celery, both have to match). docs/time.md has the grammar, clock-changes.ts the rules for clock
 * changes. Throws a `ConfigError` with every invalid field.
 */
export function cron(expression: string, options: CronOptions = {}): Schedule {
  if (typeof expression !== 'string') {
    throw new ConfigError(`${quote(expression)} is not a cron expression: expected a string`);
  }
  const text = expression.trim();
  const line = text.startsWith('@') ? readNickname(text) : text;
  if (typeof line === 'number') return timedelta({ milliseconds: line }, options);
  const fields = readFields(line, options.seed ?? '');
  if (options.seed === undefined && fields.flat().some(({ hashed }) => hashed)) {
    return new HashedCron(line, options.timezone, (seed, timezone) =>
      cron(line, { seed, timezone }),
    );
  }
  return calendarSchedule(toRule(fields, split(line)), options);
}

/** The fields of an expression that has no seconds, no years and no `H`. Throws a `ConfigError` with every invalid field. */
export function cronFields(line: string): CalendarFields {
  const text = line.trim();
  const fields = readFields(text, '');
  if (text.split(/\s+/).length !== 5 || fields.flat().some(({ hashed }) => hashed)) {
    throw new ConfigError(
      `${quote(line)} is not five fields without H, such as * 9-16 * * mon-fri`,
    );
  }
  return toRule(fields, split(text)).fields;
}

/** Splits an expression into seven fields, seconds first and the year last. */
function split(line: string): string[] {
  const fields = line === '' ? [] : line.split(/\s+/);
  if (fields.length === 5) return ['0', ...fields, '*'];
  if (fields.length === 6) return [...fields, '*'];
  if (fields.length === 7) return fields;
  throw new ConfigError(
    `${quote(line)} has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}: expected 5 (minute hour day-of-month ` +
      'month day-of-week), 6 (seconds first) or 7 (seconds first, year last)',
  );
}

function readFields(line: string, seed: string): (readonly Part[])[] {
  const errors: Diagnostic[] = [];
  const fields = split(line).map((text, i) => {
    try {
      return readParts(i, text, seed);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      errors.push(errorAt([], error.message));
      return [];
    }
  });
  if (errors.length > 0) throw new ConfigError(errors);
  return fields;
}

function toRule(fields: readonly (readonly Part[])[], texts: readonly string[]): CalendarRule {
  const values = (i: number) => distinct(fields[i]!.flatMap((part) => part.values));
  const starred = (i: number) => /^[*?]/.test(texts[i]!);
  const years = values(6);
  return {
    elapsed: [...fields[1]!, ...fields[2]!].some(({ stepped }) => stepped),
    fields: {
      seconds: values(0),
      minutes: values(1),
      hours: values(2),
      daysOfMonth: values(3),
      months: values(4),
      daysOfWeek: values(5),
      years: years.length === CRON_FIELDS[6].count ? undefined : years,
      movableDays: uniqueMovableDays(fields[3]!.flatMap((part) => part.movableDays)),
      lastWeekdays: distinct(fields[5]!.flatMap((part) => part.lastWeekdays)),
      nthWeekdays: uniqueNthWeekdays(fields[5]!.flatMap((part) => part.nthWeekdays)),
      union: !starred(3) && !starred(5),
    },
  };
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
