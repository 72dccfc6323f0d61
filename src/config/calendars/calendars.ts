import type { TimeSet } from '../../schedule/limits/time-set.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Path, Report } from '../validate.ts';
import { readCalendar } from './read-calendar.ts';
import type { CalendarInput, CalendarReferences } from './schema.ts';

/** The calendars of a configuration, by name, and how entries refer to them. */
export class Calendars {
  readonly #named = new Map<string, TimeSet | undefined>();

  /** `reportFor` gives what reports errors of a calendar, with paths from the root of the configuration. */
  constructor(given: Readonly<Record<string, CalendarInput>>, reportFor: (name: string) => Report) {
    for (const [name, calendar] of Object.entries(given)) {
      this.#named.set(name, readCalendar(calendar, name, ['calendars', name], reportFor(name)));
    }
  }

  /** The sets of `only` or `exclude` of an entry; those with errors are reported, and left out. */
  resolve(references: CalendarReferences, path: Path, report: Report): readonly TimeSet[] {
    if (!Array.isArray(references)) return this.#find(references, path, report) ?? [];
    return references.flatMap((each, i) => this.#find(each, [...path, i], report) ?? []);
  }

  #find(
    reference: string | CalendarInput,
    path: Path,
    report: Report,
  ): readonly TimeSet[] | undefined {
    if (typeof reference !== 'string') {
      const set = readCalendar(reference, undefined, path, report);
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
