import { calendarSchedule, type CalendarRule, type ZoneOptions } from '../calendar/calendar-schedule.ts';
import type { CalendarFields } from '../calendar/calendar.ts';
import { CRON_FIELDS, readParts, type Part, PartError } from './cron-field.ts';
import { sortedSet } from '../instants.ts';
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
  const known = length === undefined ? NICKNAMES[name] : parseDurationText(length);
  if (typeof known === 'string' || typeof known === 'number') return known;
  throw new ConfigError(`${quote(text)} ${explainNickname(text, name, length !== undefined)}`);
}

function explainNickname(text: string, name: string, hasLength: boolean): string {
  if (hasLength)
    return 'has an invalid duration; write numbers with units after @every, such as 90s, 5m, 1h30m, 2d or 1w';
  if (name === '@reboot')
    return 'is not supported: beat schedules instants, and a start of the host or of beat is not one';
  if (name === '@every') return 'has no duration; write "@every 5m"';
  const names = [...Object.keys(NICKNAMES), '@every 5m'];
  return `is not a known nickname${didYouMean(text, names) || `; allowed: ${names.join(', ')}`}`;
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
  const { rule, isHashed } = readRule(line, options.seed ?? '');
  if (!isHashed || options.seed !== undefined) return calendarSchedule(rule, options);
  return hashedCron(line, options.timezone === undefined ? undefined : checkZone(options.timezone));
}

/** The fields of an expression without seconds, years and `H`. Throws a `ConfigError` with every invalid field. */
export function cronFields(line: string): CalendarFields {
  const text = line.trim();
  const { rule, isHashed } = readRule(text, '');
  if (text.split(/\s+/).length === 5 && !isHashed) return rule.fields;
  throw new ConfigError(`${quote(line)} is not five fields without H, such as * 9-16 * * mon-fri`);
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

function readRule(line: string, seed: string): { readonly rule: CalendarRule; readonly isHashed: boolean } {
  const texts = split(line);
  const errors: Diagnostic[] = [];
  const fields = texts.map((text, i): readonly Part[] => {
    try {
      return readParts(i, text, seed);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      errors.push(errorAt([], error.message));
      return [];
    }
  });
  if (errors.length > 0) throw new ConfigError(errors);

  const values = (i: number) => sortedSet(fields[i]!.flatMap((part) => part.values));
  const starred = (i: number) => /^[*?]/.test(texts[i]!);
  const years = values(6);
  const rule = {
    elapsed: [...fields[1]!, ...fields[2]!].some(({ stepped }) => stepped),
    fields: {
      seconds: values(0),
      minutes: values(1),
      hours: values(2),
      daysOfMonth: values(3),
      months: values(4),
      daysOfWeek: values(5),
      years: years.length === CRON_FIELDS[6].count ? undefined : years,
      movableDays: distinct(
        fields[3]!.flatMap((part) => part.movableDays),
        ({ fromEnd, nearestWeekday, day }) => [Number(fromEnd), Number(nearestWeekday), day],
      ),
      nthWeekdays: distinct(
        fields[5]!.flatMap((part) => part.nthWeekdays),
        ({ weekday, nth }) => (nth === 'last' ? [0, weekday] : [1, weekday, nth]),
      ),
      union: !starred(3) && !starred(5),
    },
  };
  return { rule, isHashed: fields.flat().some(({ hashed }) => hashed) };
}

/** Removes duplicates and sorts. The order is part of the spec, which the ledger stores. */
function distinct<T>(values: readonly T[], numbersOf: (value: T) => readonly number[]): T[] {
  const unique = new Map(values.map((value) => [numbersOf(value).join(' '), value]));
  return [...unique.values()].sort((a, b) => {
    const others = numbersOf(b);
    return numbersOf(a).reduce((order, number, i) => order || number - others[i]!, 0);
  });
}

/** A cron expression with `H` before `forEntry` names its entry: `next` throws, as any answer would be wrong. */
function hashedCron(line: string, own: string | undefined): Schedule {
  const timezone = own ?? 'UTC';
  return {
    spec: `cron(${line.replace(/\s+/g, ' ')}) of an entry ${timezone}`,
    timezone,
    inZone(zone) {
      return own === undefined ? hashedCron(line, checkZone(zone)) : this;
    },
    // The result still has no zone if this schedule has none.
    forEntry: (name) => cron(line, { seed: name, timezone: own }),
    next() {
      throw new BeatError(
        `cron("${line}"): H is computed from the name of an entry, and this schedule has no entry; ` +
          'pass a seed: cron(…, {seed: "name"})',
      );
    },
  };
}
