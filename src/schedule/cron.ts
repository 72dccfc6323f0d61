import { ConfigError, type Problem } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { calendarSchedule, type CalendarRule, type ZoneOptions } from './calendar-schedule.ts';
import { PartError, readParts, type Part } from './cron-part.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';

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
    throw new ConfigError(`${show(expression)} is not a cron expression: it must be a text`);
  }
  const texts = split(expression);
  const problems: Problem[] = [];
  const fields = texts.map((text, i) => readField(i, text, problems));
  if (problems.length > 0) throw new ConfigError(problems);
  return rule(texts, fields);
}

/** Six fields, seconds first. */
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

function readField(i: number, text: string, problems: Problem[]): readonly Part[] {
  try {
    return readParts(i, text);
  } catch (error) {
    if (!(error instanceof PartError)) throw error;
    problems.push({ path: [], message: error.message });
    return [];
  }
}

function rule(texts: readonly string[], fields: readonly (readonly Part[])[]): CalendarRule {
  const values = (i: number) => distinct(fields[i]!.flatMap((part) => part.values));
  const starred = (i: number) => /^[*?]/.test(texts[i]!);
  const [, minute, hour] = texts;
  const weekdays = fields[5]!;
  return {
    elapsed: /[*?/-]/.test(minute! + hour!),
    fields: {
      seconds: values(0),
      minutes: values(1),
      hours: values(2),
      daysOfMonth: values(3),
      months: values(4),
      daysOfWeek: values(5),
      lastDay: fields[3]!.some((part) => part.lastDay),
      lastWeekdays: distinct(weekdays.flatMap((part) => part.lastWeekdays)),
      nthWeekdays: weekdays.flatMap((part) => part.nthWeekdays),
      union: !starred(3) && !starred(5),
    },
  };
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
