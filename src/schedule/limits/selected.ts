import { hash } from 'node:crypto';
import { DAY, toDate, toMillis } from '../instants.ts';
import { interner } from '../intern.ts';
import { LastAnswerCache } from '../last-answer-cache.ts';
import { latestByNext } from '../latest.ts';
import { nextAfter } from '../next-after.ts';
import type { Explanation, FieldCheck, Schedule } from '../schedule.ts';
import { getZone, type Zone } from '../zone/zone.ts';
import { explainInstant } from './explain.ts';
import type { TimeSet } from './time-set.ts';

/** Which instants of a schedule stay. */
export interface Selection {
  /** An instant must be at these times of day. */
  readonly between?: TimeSet | undefined;
  /** An instant must be in each of these sets. */
  readonly only: readonly TimeSet[];
  /** An instant must be in none of these sets. */
  readonly exclude: readonly TimeSet[];
}

/**
 * A search ends within 100 ms: after 41 years, which contain every kind of year (14 of them: the weekday of 1 January,
 * leap years), and after this many occurrences in a row that are left out: more than one on each day of these years.
 */
const MAX_LENGTH = 41 * 366 * DAY;
const MAX_PASSED = 25_000;
/** The sun takes 0.2 ms for each occurrence; they recur after a year. */
const MAX_PASSED_OF_SUN = 400;

/** Entries that share a schedule and a selection share one object, and its cached answers. */
const known = new WeakMap<Schedule, ReturnType<typeof interner<Selected>>>();

/** A schedule with fixed instants, without those that the sets leave out, as the clocks of a zone show them. */
export function selected(schedule: Schedule, selection: Selection, timezone: string): Schedule {
  const conditions = listConditions(selection);
  const sets = conditions.map(
    ({ set, isIn }) => `${isIn ? 'only' : 'exclude'}(${shorten(set.spec)})`,
  );
  const spec = `${schedule.spec} ${sets.join(' ')} ${timezone}`;
  const key = [spec, ...conditions.map(({ set }) => set.description)].join('\n');
  const share = known.get(schedule) ?? interner<Selected>();
  known.set(schedule, share);
  return share(key, () => new Selected(schedule, conditions, timezone, spec));
}

/** A set in which an instant must be, or must not be. */
interface Condition {
  readonly field: 'between' | 'only' | 'exclude';
  readonly set: TimeSet;
  readonly isIn: boolean;
}

function listConditions({ between, only, exclude }: Selection): readonly Condition[] {
  return [
    ...(between ? [{ field: 'between', set: between, isIn: true } as const] : []),
    ...only.map((set) => ({ field: 'only', set, isIn: true }) as const),
    ...exclude.map((set) => ({ field: 'exclude', set, isIn: false }) as const),
  ];
}

/** The state of every entry contains the spec: the spec of a long list of dates is a hash. */
function shorten(spec: string): string {
  return spec.length <= MAX_SPEC ? spec : `sha256 ${hash('sha256', spec).slice(0, 32)}`;
}

const MAX_SPEC = 100;

class Selected implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly #schedule: Schedule;
  readonly #conditions: readonly Condition[];
  readonly #zone: Zone;
  readonly #answers: LastAnswerCache;

  constructor(
    schedule: Schedule,
    conditions: readonly Condition[],
    timezone: string,
    spec: string,
  ) {
    this.spec = spec;
    this.timezone = timezone;
    this.#schedule = schedule;
    this.#conditions = conditions;
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

  /** Adds one check per set; its value is the date or event that contains the instant. */
  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const inner = explainInstant(this.#schedule, instant, this.timezone);
    const checks = this.#conditions.map((condition): FieldCheck => {
      const { field, set, isIn } = condition;
      const { inside } = set.stretchAt(instant, this.#zone);
      const value =
        set.describeAt?.(instant, this.#zone) ??
        `${inside ? 'in' : 'outside of'} ${set.description}`;
      return { field, rule: describeCondition(condition), value, matches: inside === isIn };
    });
    return { ...inner, fields: [...inner.fields, ...checks] };
  }

  get description(): string {
    const { spec, description = spec } = this.#schedule;
    return [description, ...this.#conditions.map(describeCondition)].join(', ');
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
    for (const { set, isIn } of this.#conditions) {
      const { inside, end } = set.stretchAt(instant, this.#zone);
      if (inside !== isIn) pause = Math.max(pause ?? -Infinity, end);
    }
    return pause;
  }
}

function describeCondition({ set, isIn }: Condition): string {
  return `${isIn ? 'only' : 'not'} ${set.description}`;
}
