import type { TimeSet } from '../../schedule/limits/time-sets.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { attempt } from '../schedules/attempt.ts';
import type { Path, Report } from '../validate.ts';
import { checkLength, MAX_VALUES } from './check-length.ts';
import type { IcsFiles } from './ics-files.ts';
import { readCalendar } from './read-calendar.ts';
import type { CalendarInput, CalendarReferences } from './schema.ts';

/** Where settings are written. Keys are such as `calendars.holidays`. */
export interface Places {
  readonly reportFor: (key: string) => Report;
  readonly folderFor: (key: string) => string;
}

/** The calendars of a configuration, by name, and how entries refer to them. */
export class Calendars {
  readonly #named = new Map<string, TimeSet | undefined>();

  /** Reads the setting `calendars`, and reports its errors. */
  constructor(given: Readonly<Record<string, CalendarInput>>, places: Places, files: IcsFiles) {
    for (const [name, calendar] of Object.entries(given)) {
      const key = `calendars.${name}`;
      const readIcs = (file: string) => files.read(file, places.folderFor(key));
      const report = places.reportFor(key);
      this.#named.set(name, readCalendar(calendar, { name, readIcs }, ['calendars', name], report));
    }
  }

  /** The sets of `only` or `exclude` of an entry; those with errors are reported, and left out. */
  resolve(references: CalendarReferences, path: Path, report: Report): readonly TimeSet[] {
    if (!Array.isArray(references)) return this.#find(references, path, report) ?? [];
    const find = () => {
      checkLength(references, MAX_VALUES);
      return references.flatMap((each, i) => this.#find(each, [...path, i], report) ?? []);
    };
    return attempt(find, path, report) ?? [];
  }

  #find(
    reference: string | CalendarInput,
    path: Path,
    report: Report,
  ): readonly TimeSet[] | undefined {
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
