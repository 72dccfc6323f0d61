import { type TimeSet, cronTimes, dates, businessDays, holidays, union } from '../../schedule/limits/time-sets.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { attempt, type Path, type Report } from '../validate.ts';
import type { IcsFiles } from './ics-files.ts';
import { type CalendarInput, type CalendarReferences, calendarShape } from './schema.ts';
import { ConfigError } from '../../util/errors.ts';
import { daysOff } from './public-holidays.ts';
import { thousands } from '../../util/thousands.ts';

/** The places of settings by key, such as `calendars.holidays`. */
export interface Places {
  readonly reportFor: (key: string) => Report;
  readonly folderFor: (key: string) => string;
}

/** The calendars of a configuration, by name. */
export class Calendars {
  readonly #named = new Map<string, TimeSet | undefined>();

  constructor(given: Readonly<Record<string, CalendarInput>>, places: Places, files: IcsFiles) {
    for (const [name, calendar] of Object.entries(given)) {
      const key = `calendars.${name}`;
      const readIcs = (file: string) => files.read(file, places.folderFor(key));
      const report = places.reportFor(key);
      this.#named.set(name, readCalendar(calendar, { name, readIcs }, ['calendars', name], report));
    }
  }

  /** Resolves `only` or `exclude` of an entry. Reports invalid references and leaves them out. */
  resolve(references: CalendarReferences, path: Path, report: Report): readonly TimeSet[] {
    if (!Array.isArray(references)) return this.#find(references, path, report) ?? [];
    const find = () => {
      checkLength(references, MAX_VALUES);
      return references.flatMap((each, i) => this.#find(each, [...path, i], report) ?? []);
    };
    return attempt(find, path, report) ?? [];
  }

  #find(reference: string | CalendarInput, path: Path, report: Report): readonly TimeSet[] | undefined {
    if (typeof reference !== 'string') {
      const set = readCalendar(reference, {}, path, report);
      return set && [set];
    }
    const set = this.#named.get(reference);
    if (set) return [set];
    if (!this.#named.has(reference)) {
      const names = [...this.#named.keys()];
      const none = '; the setting calendars has none';
      const hint = didYouMean(reference, names) || `; allowed: ${names.join(', ')}`;
      report(path, `no calendar "${reference}"${names.length === 0 ? none : hint}`);
    }
    return undefined;
  }
}

/** Properties that only calendars of the setting `calendars` have. */
export interface Declared {
  readonly name?: string;
  /** Reads a calendar file. Throws a `ConfigError`. */
  readonly readIcs?: (file: string) => TimeSet;
}

/** The most dates of a calendar: 27 years of days. */
const MAX_DATES = 10_000;

/** Reads a calendar. Returns `undefined` after errors, with paths from `path`. */
function readCalendar(
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

function describe(set: TimeSet, texts: readonly string[]): TimeSet {
  return { ...set, description: texts.join(',') };
}

/** The most values in a part of a calendar: a search checks each value for each occurrence. */
export const MAX_VALUES = 100;

/** Throws a `ConfigError` for a list that is too long to be read in one step. */
export function checkLength(values: readonly unknown[], most: number): void {
  if (values.length <= most) return;
  throw new ConfigError(`${thousands(values.length)} values are more than the limit of ${thousands(most)}`);
}
