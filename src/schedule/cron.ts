import { CronExpressionParser } from 'cron-parser';

import { ConfigError, type Problem } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { calendarSchedule, type CalendarRule, type ZoneOptions } from './calendar-schedule.ts';
import type { Schedule } from './schedule.ts';

const FIELDS = [
  { name: 'second', allowed: '0-59' },
  { name: 'minute', allowed: '0-59' },
  { name: 'hour', allowed: '0-23' },
  { name: 'day of month', allowed: '1-31 or L' },
  { name: 'month', allowed: '1-12 or jan-dec' },
  { name: 'day of week', allowed: '0-7 or sun-sat, 5L, 5#2' },
] as const;

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * A line of a host's crontab: `minute hour day-of-month month day-of-week`, with seconds in front if
 * there are six fields; or a nickname such as `@daily`. As in crontab(5), a day need match only one of
 * its two fields when neither begins with `*` (in `crontab`, as in Celery, both). Sunday is 0 or 7.
 * `L` is the last day of the month, `5L` its last Friday, `5#2` its second. At clock changes see
 * clock-changes.ts. A `ConfigError` names every field that is wrong.
 */
export function cron(expression: string, options: ZoneOptions = {}): Schedule {
  return calendarSchedule(parse(expression), options);
}

function parse(expression: unknown): CalendarRule {
  if (typeof expression !== 'string') {
    throw new ConfigError(
      `${JSON.stringify(expression)} is not a cron expression: it must be a text`,
    );
  }
  const raw = split(expression);
  const problems = raw.flatMap(checkField);
  if (problems.length > 0) throw new ConfigError(problems);
  return rule(raw);
}

/** Six fields, in the order of FIELDS. */
function split(expression: string): string[] {
  const text = expression.trim();
  if (text.startsWith('@')) {
    const known = NICKNAMES[text.toLowerCase()];
    if (known === undefined) throw new ConfigError(unknownNickname(text));
    return ['0', ...known.split(' ')];
  }
  const fields = text === '' ? [] : text.split(/\s+/);
  if (fields.length === 5) return ['0', ...fields];
  if (fields.length === 6) return fields;
  throw new ConfigError(
    `${JSON.stringify(expression)} has ${fields.length} fields: cron wants 5 (minute hour ` +
      'day-of-month month day-of-week), or 6 with seconds in front',
  );
}

function unknownNickname(text: string): string {
  if (text.toLowerCase() === '@reboot')
    return '"@reboot" names no time, so beat cannot schedule it';
  const names = Object.keys(NICKNAMES);
  const guess = didYouMean(text, names) || `; there are ${names.join(', ')}`;
  return `${JSON.stringify(text)} is not known to cron${guess}`;
}

/** Tried alone between stars, so that the parser's complaint can be told with the name of its field. */
function checkField(text: string, i: number): Problem[] {
  const { name, allowed } = FIELDS[i]!;
  const complain = (why: string) => [
    { path: [], message: `${name}: ${JSON.stringify(text)} ${why}` },
  ];
  if (/(^|,)H(\W|$)/i.test(text)) {
    return complain(
      'holds H, a random choice: write the time that you want, so that it stays the same',
    );
  }
  try {
    parseFields(FIELDS.map((_, j) => (j === i ? text : '*')));
    return [];
  } catch (error) {
    const reason = String((error as Error).message).replace(/^(Constraint|Validation) error, /, '');
    return complain(`is not understood (${reason}); allowed is ${allowed}, with * , - and /`);
  }
}

function parseFields(raw: readonly string[]) {
  // The parser would look at the clock for a date to start from, which is not asked of it.
  return CronExpressionParser.parse(raw.join(' '), { currentDate: new Date(0), tz: 'UTC' }).fields;
}

function rule(raw: readonly string[]): CalendarRule {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parseFields(raw);
  const [, minuteText, hourText, dateText, , weekdayText] = raw;
  const starred = (text: string | undefined) => /^[*?]/.test(text!);
  const lastWeekdays = dayOfWeek.values.filter((day) => typeof day === 'string').map(weekday);
  return {
    elapsed: /[*?/-]/.test(minuteText! + hourText!),
    fields: {
      seconds: numbers(second.values),
      minutes: numbers(minute.values),
      hours: numbers(hour.values),
      daysOfMonth: numbers(dayOfMonth.values),
      months: numbers(month.values),
      daysOfWeek: distinct(numbers(dayOfWeek.values).map(weekday)),
      lastDay: dayOfMonth.values.includes('L'),
      lastWeekdays: distinct(lastWeekdays),
      nth: dayOfWeek.nthDay,
      union: !starred(dateText) && !starred(weekdayText),
    },
  };
}

function weekday(day: number | string): number {
  return Number.parseInt(String(day), 10) % 7;
}

function numbers(values: readonly (number | string)[]): number[] {
  return distinct(values.filter((value) => typeof value === 'number'));
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
