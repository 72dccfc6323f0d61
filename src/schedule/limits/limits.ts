import { hash } from 'node:crypto';
import { describeLocal, describeDuration, describeLength } from '../text.ts';
import { toDate, toMillis, MAX_INSTANT, DAY } from '../instants.ts';
import { interner } from '../intern.ts';
import { LastAnswerCache } from '../last-answer-cache.ts';
import { latestByNext, nextAfter, latestWithin } from '../next-after.ts';
import type { TimeSet } from './time-sets.ts';
import type { Explanation, Schedule, FieldCheck } from '../schedule.ts';
import { stableHash } from '../stable-hash.ts';
import { getZone, type Zone } from '../zone/zone.ts';

/** Explains an instant (epoch milliseconds) by the fields of a schedule; by one field if it has none. */
function explainInstant(schedule: Schedule, instant: number, timezone: string): Explanation {
  const known = schedule.explain?.(new Date(instant));
  if (known) return known;
  const { spec, description = spec } = schedule;
  const matches = nextAfter(schedule, instant - 1) === instant;
  const value = matches ? 'an occurrence' : 'no occurrence';
  return {
    local: `${localText(instant, timezone)} ${timezone}`,
    fields: [{ field: 'schedule', rule: description, value, matches }],
    notes: [],
  };
}

/** An instant as the clocks of a zone show it. */
function localText(instant: number, timezone: string): string {
  return describeLocal(instant + getZone(timezone).spanAt(instant).offset);
}

/**
 * Returns the newest instant in `(after, until]`, or `null`, of a schedule with fixed instants, whether or not it has
 * `latest`. Epoch milliseconds.
 */
function latestFixed(schedule: Schedule, after: number, until: number): number | null {
  const answer = latestWithin(schedule, after, until);
  if (answer !== undefined) return answer;
  return latestByNext((instant) => nextAfter(schedule, instant), after, until);
}

/** The first and the last instant of an entry. Epoch milliseconds. */
export interface Bounds {
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Inclusive. */
  readonly until?: number | undefined;
  /** The number of occurrences counted from `from`, which must be given. */
  readonly count?: number | undefined;
}

/** Limits a schedule with fixed instants. `zone` is the zone of its description. */
export function bounded(schedule: Schedule, bounds: Bounds, timezone: string): Schedule {
  return new Bounded(schedule, bounds, timezone);
}

class Bounded implements Schedule {
  readonly spec: string;
  readonly timezone?: string | undefined;
  readonly #schedule: Schedule;
  readonly #bounds: Bounds;
  readonly #zone: string;
  /** The last instant; computed at the first use, because it takes a search for each of `count`. */
  #last: number | undefined;

  constructor(schedule: Schedule, bounds: Bounds, timezone: string) {
    const { from, until, count } = bounds;
    this.spec = [
      schedule.spec,
      ...(from === undefined ? [] : [`from(${new Date(from).toISOString()})`]),
      ...(until === undefined ? [] : [`until(${new Date(until).toISOString()})`]),
      ...(count === undefined ? [] : [`count(${count})`]),
    ].join(' ');
    if (schedule.timezone !== undefined) this.timezone = schedule.timezone;
    this.#schedule = schedule;
    this.#bounds = bounds;
    this.#zone = timezone;
  }

  next(after: Date): Date | null {
    const next = nextAfter(this.#schedule, this.#startAfter(after));
    return next > this.#lastInstant() ? null : toDate(next);
  }

  latest(after: Date, until: Date): Date | null {
    const end = Math.min(toMillis(until, 'until'), this.#lastInstant());
    return toDate(latestFixed(this.#schedule, this.#startAfter(after), end));
  }

  /** Whether the instant is within the bounds is one more field. */
  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const { from = -Infinity } = this.#bounds;
    const matches = from <= instant && instant <= this.#lastInstant();
    const inner = explainInstant(this.#schedule, instant, this.#zone);
    const value = localText(instant, this.#zone);
    const bounds = { field: 'bounds', rule: this.#words().join(', '), value, matches };
    return { ...inner, fields: [...inner.fields, bounds] };
  }

  get description(): string {
    const { spec, description = spec } = this.#schedule;
    return [description, ...this.#words()].join(', ');
  }

  #words(): readonly string[] {
    const { from, until, count } = this.#bounds;
    return [
      ...(from === undefined ? [] : [`from ${localText(from, this.#zone)}`]),
      ...(until === undefined ? [] : [`until ${localText(until, this.#zone)}`]),
      ...(count === undefined ? [] : [count === 1 ? 'once' : `${count} times`]),
    ];
  }

  #startAfter(after: Date): number {
    return Math.max(toMillis(after, 'after'), (this.#bounds.from ?? -Infinity) - 1);
  }

  #lastInstant(): number {
    return (this.#last ??= this.#findLast());
  }

  #findLast(): number {
    const { from, until = Infinity, count } = this.#bounds;
    if (from === undefined || count === undefined) return until;
    let last = from - 1;
    for (let i = 0; i < count && last < until; i++) last = nextAfter(this.#schedule, last);
    return Math.min(last, until);
  }
}

/**
 * An interval on fixed instants: every `every` milliseconds from `start` (epoch milliseconds), and before it. What
 * ran before does not matter, unlike with `timedelta`.
 */
export function grid(every: number, start: number): Schedule {
  return new Grid(every, start);
}

class Grid implements Schedule {
  readonly spec: string;
  readonly #every: number;
  readonly #offset: number;

  constructor(every: number, start: number) {
    this.#every = every;
    this.#offset = ((start % every) + every) % every;
    this.spec = `every(${every}ms) offset ${this.#offset}ms`;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return toDate(this.#latest(toMillis(after, 'after')) + this.#every);
  }

  latest(after: Date, until: Date): Date | null {
    const newest = this.#latest(toMillis(until, 'until'));
    return newest > toMillis(after, 'after') ? toDate(newest) : null;
  }

  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const newest = this.#latest(instant);
    const value =
      newest === instant
        ? 'on the grid'
        : `${describeLength(instant - newest)} after an instant of the grid`;
    const interval = {
      field: 'interval',
      rule: this.description,
      value,
      matches: newest === instant,
    };
    return { local: `${describeLocal(instant)} UTC`, fields: [interval], notes: [] };
  }

  get description(): string {
    const offset = this.#offset === 0 ? '' : `, offset ${describeLength(this.#offset)}`;
    return `every ${describeDuration(this.#every)}${offset}`;
  }

  /** The newest instant up to `until`. */
  #latest(until: number): number {
    return until - ((((until - this.#offset) % this.#every) + this.#every) % this.#every);
  }
}

/**
 * Delays each occurrence of a schedule with fixed instants by less than `jitter` milliseconds, and never up to the next
 * occurrence, so that they stay strictly increasing. The delay is a hash of the seed, the name of an entry, and the
 * nominal instant: every instance computes the same.
 */
export function jittered(schedule: Schedule, jitter: number, seed: string): Schedule {
  return new Jittered(schedule, jitter, seed);
}

class Jittered implements Schedule {
  readonly spec: string;
  readonly timezone?: string | undefined;
  readonly #nominal: Schedule;
  readonly #jitter: number;
  readonly #seed: string;

  constructor(nominal: Schedule, jitter: number, seed: string) {
    this.spec = `${nominal.spec} jitter(${jitter}ms ${JSON.stringify(seed)})`;
    if (nominal.timezone !== undefined) this.timezone = nominal.timezone;
    this.#nominal = nominal;
    this.#jitter = jitter;
    this.#seed = seed;
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    const start = toMillis(after, 'after');
    const passed = this.#newest(start);
    const delayed = passed === null ? -Infinity : this.#delay(passed);
    return toDate(delayed > start ? delayed : this.#delay(nextAfter(this.#nominal, start)));
  }

  latest(after: Date, until: Date): Date | null {
    const [start, end] = [toMillis(after, 'after'), toMillis(until, 'until')];
    let newest = latestNominal(this.#nominal, start - this.#jitter, end);
    if (newest !== null && this.#delay(newest) > end) {
      newest = latestNominal(this.#nominal, start - this.#jitter, newest - 1);
    }
    const delayed = newest === null ? -Infinity : this.#delay(newest);
    return delayed > start ? toDate(delayed) : null;
  }

  /** The fields are compared with the nominal instant if this is a delayed one. */
  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const { timezone = 'UTC' } = this;
    const nominal = this.#newest(instant);
    const delayed = nominal === null ? null : this.#delay(nominal);
    const isDelayed = delayed === instant;
    const inner = explainInstant(this.#nominal, isDelayed ? nominal! : instant, timezone);
    const value =
      nominal === null || delayed! < instant
        ? 'no occurrence is being delayed'
        : `${localText(nominal, timezone)} is delayed to ${localText(delayed!, timezone)}`;
    const jitter = { field: 'jitter', rule: this.#words, value, matches: isDelayed };
    return { ...inner, fields: [...inner.fields, jitter] };
  }

  get description(): string {
    const { spec, description = spec } = this.#nominal;
    return `${description}, ${this.#words}`;
  }

  get #words(): string {
    return `up to ${describeLength(this.#jitter)} later`;
  }

  /** The newest nominal instant up to `until` whose delay may end after it. */
  #newest(until: number): number | null {
    return latestNominal(this.#nominal, until - this.#jitter, until);
  }

  #delay(nominal: number): number {
    if (nominal === Infinity) return Infinity;
    const gap = nextAfter(this.#nominal, nominal) - nominal;
    const share = stableHash(`${this.#seed} ${nominal}`) / 2 ** 32;
    return nominal + Math.floor(share * Math.min(this.#jitter, gap));
  }
}

function latestNominal(schedule: Schedule, after: number, until: number): number | null {
  const start = Math.max(after, -MAX_INSTANT);
  return start < until ? latestFixed(schedule, start, until) : null;
}

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
