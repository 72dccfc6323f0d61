import { z } from 'zod';
import { type TimeSet, cronTimes, dates, businessDays, holidays, union } from '../../schedule/limits/time-sets.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';
import { attempt, type Path, type Report } from '../validate.ts';
import { named, option, MAP, name, mapOf, type ShapeOutput } from '../values/option.ts';
import type { IcsFiles } from './ics-files.ts';
import { daysOff } from './public-holidays.ts';

const texts = (allowed: string) => z.union([z.string(), z.array(z.string())], allowed);

const COUNTRY = 'the code of a country, such as DE, or of a part of it, such as US-CA';
const ICS = 'the path of a calendar file, or a list of them';

const calendarShape = {
  dates: option(
    texts('a date or a list of dates'),
    'Dates, ranges of dates with both ends included, and days of each year (`12-25`).',
    { example: ['2030-12-24/2031-01-02', '05-17'] },
  ),
  weekdays: option(texts('weekdays such as sat,sun or mon-fri'), 'Days of the week, as in the last field of `cron`.', {
    example: 'sat,sun',
  }),
  cron: option(
    texts('a cron expression of five fields, or a list of them'),
    'Every minute that an expression of five fields matches.',
    { example: '* 22-23 * * fri' },
  ),
  holidays: option(
    texts(COUNTRY),
    'Public holidays of a country or of a part of it, by its ISO 3166 code. Needs the package date-holidays.',
    { example: 'DE-BY' },
  ),
  businessDays: option(
    z.string(COUNTRY),
    'Days of a country that are neither public holidays nor weekend. Needs the package date-holidays.',
    { example: 'US-CA' },
  ),
  ics: option(
    z.union([name(), z.array(name())], ICS),
    'Calendar files (iCalendar, `.ics`), whose events it contains; paths start from the folder of the configuration file. Only in the setting `calendars`.',
    { example: './holidays.ics' },
  ),
};

/** A calendar: the instants that are in any of its parts. */
const calendarSchema = mapOf('CalendarConfig', calendarShape, {
  description: 'A set of days and times: what is in any of its parts.',
});

const reference = () => z.union([name(), calendarSchema]);
const REFERENCES = 'the name of a calendar, a map such as {dates: [2030-12-24]}, or a list of these';
const references = () =>
  named(z.union([name(), calendarSchema, z.array(reference())], REFERENCES), 'CalendarReferences', {
    description: 'The name of a calendar of the setting `calendars`, a calendar, or a list of both.',
  });

export const calendarsShape = {
  calendars: option(
    z.record(name(), calendarSchema, MAP),
    'Calendars by name, for `only` and `exclude` of entries. See [time](time.md#calendars).',
    { otherwise: 'none', example: { holidays: { dates: ['12-25', '01-01'] } } },
  ),
};

export const selectionShape = {
  only: option(references(), 'Calendars: an occurrence must be in each of them. See [time](time.md#calendars).', {
    otherwise: 'all times',
    example: { weekdays: 'mon-fri' },
  }),
  exclude: option(references(), 'Calendars: an occurrence must be in none of them. See [time](time.md#calendars).', {
    otherwise: 'none',
    example: { dates: ['12-25'] },
  }),
};

type CalendarInput = z.output<typeof calendarSchema>;
type CalendarReferences = NonNullable<z.output<typeof selectionShape.only>>;

/** Resolves `only` or `exclude` of an entry. Reports invalid references and leaves them out. */
export type ResolveCalendars = (references: CalendarReferences, path: Path, report: Report) => readonly TimeSet[];

/** Reads the calendars of a configuration. `reportFor` and `folderFor` know keys such as `calendars.holidays`. */
export function readCalendars(
  { calendars = {} }: ShapeOutput<typeof calendarsShape>,
  places: { readonly reportFor: (key: string) => Report; readonly folderFor: (key: string) => string },
  files: IcsFiles,
): ResolveCalendars {
  return calendarResolver(
    Object.entries(calendars).map(([name, calendar]) => {
      const key = `calendars.${name}`;
      const readIcs = (file: string) => files.read(file, places.folderFor(key));
      return [name, readCalendar(calendar, { name, readIcs }, ['calendars', name], places.reportFor(key))];
    }),
  );
}

/** Must not refer to the sources: the definitions of stored entries hold it while beat runs. */
function calendarResolver(calendars: readonly (readonly [string, TimeSet | undefined])[]): ResolveCalendars {
  const named = new Map(calendars);
  const find = (reference: string | CalendarInput, path: Path, report: Report) => {
    if (typeof reference !== 'string') return readCalendar(reference, {}, path, report) ?? [];
    if (!named.has(reference)) {
      const names = [...named.keys()];
      const none = '; the setting calendars has none';
      const hint = didYouMean(reference, names) || `; allowed: ${names.join(', ')}`;
      report(path, `no calendar "${reference}"${names.length === 0 ? none : hint}`);
    }
    return named.get(reference) ?? [];
  };
  return (references, path, report) => {
    if (!Array.isArray(references)) return [find(references, path, report)].flat();
    const findAll = () => {
      checkLength(references, MAX_VALUES);
      return references.flatMap((each, i) => find(each, [...path, i], report));
    };
    return attempt(findAll, path, report) ?? [];
  };
}

/** Properties that only calendars of the setting `calendars` have. */
interface Declared {
  readonly name?: string;
  /** Reads a calendar file. Throws a `ConfigError`. */
  readonly readIcs?: (file: string) => TimeSet;
}

/** The most dates of a calendar: 27 years of days. */
const MAX_DATES = 10_000;

/** Reads a calendar. Returns `undefined` after errors, with paths from `path`. */
function readCalendar(calendar: CalendarInput, { name, readIcs }: Declared, path: Path, report: Report) {
  const read = (key: keyof CalendarInput, make: (texts: readonly string[]) => TimeSet[]) => {
    const given = calendar[key];
    const most = key === 'dates' ? MAX_DATES : MAX_VALUES;
    return given === undefined ? [] : readTexts(given, make, [...path, key], report, most);
  };
  const parts = [
    read('dates', (texts) => [dates(texts)]),
    read('weekdays', (texts) => [{ ...cronTimes(`* * * * ${texts.join(',')}`), description: texts.join(',') }]),
    read('cron', (texts) => texts.map(cronTimes)),
    read('holidays', (codes) => codes.map((code) => holidays(daysOff(code)))),
    read('businessDays', (codes) => codes.map((code) => businessDays(daysOff(code)))),
    read('ics', (files) => {
      // An entry that a command adds must not read files of the host.
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

const ONLY_DECLARED = 'files belong to the setting calendars: declare calendars: {NAME: {ics: …}}, and write NAME here';

/** The most values in a part of a calendar: a search checks each value for each occurrence. */
const MAX_VALUES = 100;

/** Reads a text or a list of texts, at most `most`. Reports a `ConfigError` of `make`; returns `undefined` then. */
export function readTexts<T>(
  given: string | readonly string[],
  make: (texts: readonly string[]) => T,
  path: Path,
  report: Report,
  most = MAX_VALUES,
): T | undefined {
  const isList = typeof given !== 'string';
  return attempt(
    () => {
      const texts = isList ? given : [given];
      checkLength(texts, most);
      return make(texts);
    },
    [],
    (inner, message) => report([...path, ...(isList ? inner : [])], message),
  );
}

/** Throws a `ConfigError` for a list that is too long to be read in one step. */
function checkLength(values: readonly unknown[], most: number): void {
  if (values.length <= most) return;
  throw new ConfigError(`${thousands(values.length)} values are more than the limit of ${thousands(most)}`);
}
