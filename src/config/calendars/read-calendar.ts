import {
  cronTimes,
  dates,
  businessDays,
  holidays,
  type TimeSet,
  union,
} from '../../schedule/limits/time-sets.ts';
import { ConfigError } from '../../util/errors.ts';
import { attempt } from '../schedules/attempt.ts';
import type { Path, Report } from '../validate.ts';
import { checkLength, MAX_VALUES } from './check-length.ts';
import { daysOff } from './public-holidays.ts';
import { calendarShape, type CalendarInput } from './schema.ts';

/** What a calendar of the setting `calendars` has, and one within an entry has not. */
export interface Declared {
  /** Describes the calendar. */
  readonly name?: string;
  /** Reads a calendar file. Throws a `ConfigError`. */
  readonly readIcs?: (file: string) => TimeSet;
}

/** Most dates of a calendar: each day of 27 years. */
const MAX_DATES = 10_000;

/** Reads a calendar. Returns `undefined` after errors, with paths from `path`. */
export function readCalendar(
  calendar: CalendarInput,
  { name, readIcs }: Declared,
  path: Path,
  report: Report,
): TimeSet | undefined {
  const read = (key: keyof CalendarInput, make: (texts: readonly string[]) => TimeSet[]) => {
    const given = calendar[key];
    if (given === undefined) return [];
    const isList = Array.isArray(given);
    return attempt(
      () => {
        const texts = isList ? given : [given];
        checkLength(texts, key === 'dates' ? MAX_DATES : MAX_VALUES);
        return make(texts);
      },
      [],
      (inner, message) => {
        report([...path, key, ...(isList ? inner : [])], message);
      },
    );
  };
  const parts = [
    read('dates', (texts) => [dates(texts)]),
    read('weekdays', (texts) => [describe(cronTimes(`* * * * ${texts.join(',')}`), texts)]),
    read('cron', (texts) => texts.map(cronTimes)),
    read('holidays', (codes) => codes.map((code) => holidays(daysOff(code)))),
    read('businessDays', (codes) => codes.map((code) => businessDays(daysOff(code)))),
    read('ics', (files) => {
      // What a command adds must not read files of the host.
      if (!readIcs) throw new ConfigError(ONLY_DECLARED);
      return files.map(readIcs);
    }),
  ];
  const sets = parts.flatMap((part) => part ?? []);
  if (parts.includes(undefined)) return undefined;
  if (sets.length === 0) {
    report(path, `is empty; add ${Object.keys(calendarShape).join(', ')}`);
    return undefined;
  }
  return union(sets, name ?? sets.map(({ description }) => description).join(' or '));
}

const ONLY_DECLARED =
  'files belong to the setting calendars: declare calendars: {NAME: {ics: …}}, and write NAME here';

function describe(set: TimeSet, texts: readonly string[]): TimeSet {
  return { ...set, description: texts.join(',') };
}
