import type { crontab } from '../schedule/crontab.ts';
import { describeError } from '../util/errors.ts';
import type { EntryConfig } from '../generated/config-types.ts';
import type { Schedule } from '../schedule/schedule.ts';

/** The settings and entries that an importer read. Keys may have beat's spelling or Celery's. */
export interface Found {
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
  /** The last run in the source, epoch milliseconds; absent if it is unknown or does not matter. */
  readonly lastRunAt?: number | undefined;
  /** The next instants by the source itself; absent if unknown, `null` where only beat's reading of it is known. */
  readonly upcoming?: Upcoming | null | undefined;
}

/** The next `count` instants strictly after `after`; `null` where there are no more. */
export type Upcoming = (after: Date, count: number) => readonly (Date | null)[];

/** A part of the source that cannot be imported or is different under beat, with the reason. */
export interface Left {
  /** `missing` (the default) from the file; `different` under beat; or a `note` that does not make the command fail. */
  readonly kind?: 'missing' | 'different' | 'note';
  readonly place: string;
  /** Why, and what to do instead. */
  readonly reason: string;
  readonly text?: string | undefined;
}

/** Returns `undefined` if the conversion throws, and adds the reason to `left`. */
export function tryConvert<T>(place: string, left: Left[], convert: () => T): T | undefined {
  try {
    return convert();
  } catch (error) {
    left.push({ place, reason: describeError(error) });
    return undefined;
  }
}

export function listDifferent(place: string, reasons: readonly string[]): readonly Left[] {
  return reasons.map((reason) => ({ kind: 'different', place, reason }));
}

/** Converts the fields of Celery's crontab, without those that match everything. */
export function readCrontabFields(given: Readonly<Record<string, unknown>>): Parameters<typeof crontab>[0] {
  const { minute, hour, day_of_week: dayOfWeek, day_of_month: dayOfMonth, month_of_year: monthOfYear } = given;
  const fields = Object.entries({ minute, hour, dayOfMonth, monthOfYear, dayOfWeek });
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined && field !== '*'));
}

export function upcomingOf(schedule: Schedule): Upcoming {
  return (after, count) => {
    let last: Date | null = after;
    return Array.from({ length: count }, () => (last &&= schedule.next(last)));
  };
}

export class UniqueNames {
  /** The taken names, with the number that each tries next, so that many equal names take little time. */
  readonly #taken = new Map<string, number>();

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** Takes the name itself, or with the first number from 2 that makes it unique: `backup-2`. */
  take(name: string): string {
    let unique = name;
    let number = this.#taken.get(name) ?? 2;
    for (; this.#taken.has(unique); number += 1) unique = `${name}-${number}`;
    this.#taken.set(unique, 2).set(name, number);
    return unique;
  }
}

/** A placeholder that beat would replace for each run, such as `{{dueAt}}` or `{{ entry }}`. */
const TEMPLATE = /\{\{(?=\s*(?:dueAt|entry)\b)/g;

/** Adds a backslash before texts that beat, unlike Celery, would read as templates. */
export function escapeTemplates(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(TEMPLATE, String.raw`\{{`);
  if (Array.isArray(value)) return value.map(escapeTemplates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeTemplates(inner)]));
}
