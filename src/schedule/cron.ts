import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { calendarSchedule, type CalendarRule, type ZoneOptions } from './calendar-schedule.ts';
import { movableDaysOnce, nthWeekdaysOnce } from './calendar-text.ts';
import { CRON_FIELDS } from './cron-fields.ts';
import { readParts, type Part } from './cron-part.ts';
import { PartError } from './cron-value.ts';
import { HashedCron } from './hashed-cron.ts';
import { readNickname } from './nicknames.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { timedelta } from './timedelta.ts';

export interface CronOptions extends ZoneOptions {
  /** What `H` is worked out from. Left out: the name of the entry that the schedule stands in. */
  readonly seed?: string | undefined;
}

/**
 * A cron expression: `minute hour day-of-month month day-of-week`, with seconds in front if there are
 * six fields, and with seconds in front and a year at the end if there are seven; or a nickname such as
 * `@daily` or `@every 5m`. As in crontab(5), a day need match only one of its two fields when neither
 * begins with `*` (in `crontab`, as in Celery, both). docs/time.md has the whole grammar; at clock
 * changes see clock-changes.ts. A `ConfigError` names every field that is wrong.
 */
export function cron(expression: string, options: CronOptions = {}): Schedule {
  if (typeof expression !== 'string') {
    throw new ConfigError(`${show(expression)} is not a cron expression: it must be a text`);
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

/** Always seven fields, seconds first, the year last. */
function split(line: string): string[] {
  const fields = line === '' ? [] : line.split(/\s+/);
  if (fields.length === 5) return ['0', ...fields, '*'];
  if (fields.length === 6) return [...fields, '*'];
  if (fields.length === 7) return fields;
  throw new ConfigError(
    `${show(line)} has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}: cron takes 5 (minute hour day-of-month ` +
      'month day-of-week), 6 with seconds in front, or 7 with a year at the end as well',
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
      movableDays: movableDaysOnce(fields[3]!.flatMap((part) => part.movableDays)),
      lastWeekdays: distinct(fields[5]!.flatMap((part) => part.lastWeekdays)),
      nthWeekdays: nthWeekdaysOnce(fields[5]!.flatMap((part) => part.nthWeekdays)),
      union: !starred(3) && !starred(5),
    },
  };
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
