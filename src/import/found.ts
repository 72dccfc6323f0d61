import type { EntryConfig } from '../generated/config-types.ts';
import type { Schedule } from '../schedule/schedule.ts';

/** What an importer read from another scheduler. Keys may have beat's spelling or Celery's. */
export interface Found {
  /** Settings beside the entries, which may be invalid. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly entries: readonly FoundEntry[];
  readonly left: readonly Left[];
}

/** An entry of another scheduler, as the entry of `beatSchedule` that replaces it. */
export interface FoundEntry {
  readonly name: string;
  /** Where it is in the source, for messages: `jobs.crontab:12`. */
  readonly place: string;
  readonly fields: EntryConfig;
  /** The source's own text, for messages about an entry that beat rejects. */
  readonly text?: string;
  /** When the source last ran it, epoch milliseconds; absent where that is unknown or of no interest. */
  readonly lastRunAt?: number | undefined;
  /** The next instants by the source's own definition; absent where they cannot be computed. */
  readonly upcoming?: Upcoming | undefined;
}

/** The next `count` instants strictly after `after`; `null` where there are no more. */
export type Upcoming = (after: Date, count: number) => readonly (Date | null)[];

/** Something that cannot be carried over or is different under beat, with the reason. */
export interface Left {
  /**
   * `missing` from the file, by default; `different` under beat, although it is in the file; a `note` about something
   * that beat does as well, which does not make the command fail.
   */
  readonly kind?: 'missing' | 'different' | 'note';
  /** Where it is in the source. */
  readonly place: string;
  /** Why, and what to do instead. */
  readonly reason: string;
  /** The source's own text. */
  readonly text?: string;
}

/** The next instants of a schedule. */
export function upcomingOf(schedule: Schedule): Upcoming {
  return (after, count) => {
    const instants: (Date | null)[] = [];
    let last: Date | null = after;
    while (instants.length < count) {
      last = last && schedule.next(last);
      instants.push(last);
    }
    return instants;
  };
}

/** The names of the entries of an import. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The number that a name tries next, so that ten thousand equal names are not tried for each other one. */
  readonly #numbers = new Map<string, number>();

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** Takes the name itself, or with the first number from 2 that makes it unique: `backup-2`. */
  take(name: string): string {
    let unique = name;
    let number = this.#numbers.get(name) ?? 2;
    for (; this.#taken.has(unique); number += 1) unique = `${name}-${number}`;
    this.#numbers.set(name, number);
    this.#taken.add(unique);
    return unique;
  }
}

/** What beat would replace for each run, as in `{{dueAt}}` or `{{ entry }}`. */
const TEMPLATE = /\{\{(?=\s*(?:dueAt|entry)\b)/g;

/** The same value with a backslash before texts that beat would read as templates, which Celery does not have. */
export function escapeTemplates(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(TEMPLATE, String.raw`\{{`);
  if (Array.isArray(value)) return value.map(escapeTemplates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, escapeTemplates(inner)]),
  );
}
