import { hash } from 'node:crypto';
import { DAY, toDate, toMillis } from '../instants.ts';
import { LastAnswerCache } from '../last-answer-cache.ts';
import { latestByNext } from '../latest.ts';
import { nextAfter } from '../next-after.ts';
import type { Schedule } from '../schedule.ts';
import { getZone, type Zone } from '../zone/zone.ts';
import type { TimeSet } from './time-set.ts';

/** Which instants of a schedule stay. */
export interface Selection {
  /** An instant must be in each of these sets. */
  readonly only: readonly TimeSet[];
  /** An instant must be in none of these sets. */
  readonly exclude: readonly TimeSet[];
}

/**
 * A search ends within a second: after 41 years, which contain every kind of year (14 of them: the weekday of 1 January,
 * leap years), and after this many occurrences in a row that are left out.
 */
const MAX_LENGTH = 41 * 366 * DAY;
const MAX_PASSED = 100_000;
/** The sun takes milliseconds for each occurrence; they recur after a year. */
const MAX_PASSED_OF_SUN = 400;

/** Entries that share a schedule and a selection share one object, and its cached answers. */
const known = new WeakMap<Schedule, Map<string, Schedule>>();

/** A schedule with fixed instants, without those that the sets leave out, as the clocks of a zone show them. */
export function selected(schedule: Schedule, selection: Selection, timezone: string): Schedule {
  const { only, exclude } = selection;
  const sets = [
    ...only.map(({ spec }) => `only(${shorten(spec)})`),
    ...exclude.map(({ spec }) => `exclude(${shorten(spec)})`),
  ];
  const spec = `${schedule.spec} ${sets.join(' ')} ${timezone}`;
  const words = [...only, ...exclude].map(({ description }) => description);
  const key = [spec, ...words].join('\n');
  const siblings = known.get(schedule) ?? new Map<string, Schedule>();
  known.set(schedule, siblings);
  const made = siblings.get(key) ?? new Selected(schedule, selection, timezone, spec);
  siblings.set(key, made);
  return made;
}

/** The state of every entry contains the spec: that of a long list of dates is a hash. */
function shorten(spec: string): string {
  return spec.length <= MAX_SPEC ? spec : `sha256 ${hash('sha256', spec).slice(0, 32)}`;
}

const MAX_SPEC = 100;

class Selected implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly #schedule: Schedule;
  readonly #selection: Selection;
  readonly #zone: Zone;
  readonly #answers: LastAnswerCache;

  constructor(schedule: Schedule, selection: Selection, timezone: string, spec: string) {
    this.spec = spec;
    this.timezone = timezone;
    this.#schedule = schedule;
    this.#selection = selection;
    this.#zone = getZone(timezone);
    const answers: LastAnswerCache = new LastAnswerCache({
      next: (after) => this.#search(after),
      latest: (after, until) => latestByNext((instant) => answers.next(instant), after, until),
    });
    this.#answers = answers;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return toDate(this.#answers.next(toMillis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    return toDate(this.#answers.latest(toMillis(after, 'after'), toMillis(until, 'until')));
  }

  get description(): string {
    const { spec, description = spec } = this.#schedule;
    const { only, exclude } = this.#selection;
    return [
      description,
      ...only.map((set) => `, only ${set.description}`),
      ...exclude.map((set) => `, not ${set.description}`),
    ].join('');
  }

  #search(after: number): number | null {
    const most = this.#schedule.spec.startsWith('solar(') ? MAX_PASSED_OF_SUN : MAX_PASSED;
    let found = nextAfter(this.#schedule, after);
    const last = found + MAX_LENGTH;
    for (let passed = 0; passed < most && found !== Infinity; passed++) {
      const end = this.#endOfPause(found);
      if (end === null) return found;
      if (end > last) return null;
      found = nextAfter(this.#schedule, end - 1);
    }
    return null;
  }

  /** The first instant at which an occurrence may be allowed again; `null` if it is allowed at this one. */
  #endOfPause(instant: number): number | null {
    let pause: number | null = null;
    const { only, exclude } = this.#selection;
    for (const [sets, allowed] of [
      [only, true],
      [exclude, false],
    ] as const) {
      for (const set of sets) {
        const { inside, end } = set.stretchAt(instant, this.#zone);
        if (inside !== allowed) pause = Math.max(pause ?? -Infinity, end);
      }
    }
    return pause;
  }
}
