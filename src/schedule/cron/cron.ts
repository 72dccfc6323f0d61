import { calendarSchedule, type CalendarRule, type ZoneOptions } from '../calendar/calendar-schedule.ts';
import { uniqueMovableDays, uniqueNthWeekdays } from '../calendar/calendar-text.ts';
import type { CalendarFields } from '../calendar/calendar.ts';
import { CRON_FIELDS, readParts, type Part, PartError } from './cron-field.ts';
import { parseDurationText, quote } from '../text.ts';
import type { Schedule } from '../schedule.ts';
import { timedelta } from '../timedelta.ts';
import { checkZone } from '../zone/zone-names.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError, BeatError } from '../../util/errors.ts';

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@weekdays': '0 0 * * 1-5',
  '@weekends': '0 0 * * 0,6',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@noon': '0 12 * * *',
  '@hourly': '0 * * * *',
  '@minutely': '* * * * *',
  '@every_minute': '* * * * *',
  '@secondly': '* * * * * *',
  '@every_second': '* * * * * *',
};

/** Returns the expression of a nickname, or the milliseconds of `@every 5m`. Throws a `ConfigError`. */
function readNickname(text: string): string | number {
  const name = text.toLowerCase();
  const [, length] = /^@every\s+(.*)$/.exec(name) ?? [];
  if (length !== undefined) return readEvery(text, length);
  const known = Object.hasOwn(NICKNAMES, name) ? NICKNAMES[name] : undefined;
  if (known === undefined) throw new ConfigError(unknown(text, name));
  return known;
}

function readEvery(text: string, length: string): number {
  const every = parseDurationText(length);
  if (every !== null) return every;
  throw new ConfigError(
    `${quote(text)} has an invalid duration; write numbers with units after @every, such as ` +
      '90s, 5m, 1h30m, 2d or 1w',
  );
}

function unknown(text: string, name: string): string {
  const shown = quote(text);
  if (name === '@reboot') {
    return `${shown} is not supported: beat schedules instants, and a start of the host or of beat is not one`;
  }
  if (name === '@every') return `${shown} has no duration; write "@every 5m"`;
  const names = [...Object.keys(NICKNAMES), '@every 5m'];
  return `${shown} is not a known nickname${didYouMean(text, names) || `; allowed: ${names.join(', ')}`}`;
}

interface CronOptions extends ZoneOptions {
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
    return new HashedCron(line, options.timezone);
  }
  return calendarSchedule(toRule(fields, split(line)), options);
}

/** The fields of an expression without seconds, years and `H`. Throws a `ConfigError` with every invalid field. */
export function cronFields(line: string): CalendarFields {
  const text = line.trim();
  const fields = readFields(text, '');
  if (text.split(/\s+/).length !== 5 || fields.flat().some(({ hashed }) => hashed)) {
    throw new ConfigError(`${quote(line)} is not five fields without H, such as * 9-16 * * mon-fri`);
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

/**
 * A cron expression with `H` whose entry is not known yet. Resolving a configuration replaces it (`forEntry`);
 * until then `next` throws, because any answer would differ from the final schedule.
 */
class HashedCron implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly #line: string;
  readonly #own: string | undefined;

  constructor(line: string, timezone: string | undefined) {
    this.#line = line;
    this.#own = timezone === undefined ? undefined : checkZone(timezone);
    this.timezone = this.#own ?? 'UTC';
    this.spec = `cron(${line.replace(/\s+/g, ' ')}) of an entry ${this.timezone}`;
    Object.freeze(this);
  }

  next(): Date | null {
    throw new BeatError(
      `cron("${this.#line}"): H is computed from the name of an entry, and this schedule has no entry; ` +
        'pass a seed: cron(…, {seed: "name"})',
    );
  }

  inZone(timezone: string): Schedule {
    return this.#own === undefined ? new HashedCron(this.#line, timezone) : this;
  }

  /** The result still has no zone if this schedule has none. */
  forEntry(name: string): Schedule {
    return cron(this.#line, { seed: name, timezone: this.#own });
  }
}
