import { hash } from 'node:crypto';
import { DAY, MAX_INSTANT, modulo, toMillis } from '../instants.ts';
import { interner, CachedSchedule, SearchedSchedule } from '../searched-schedule.ts';
import { latestByNext, latestWithin, nextAfter } from '../next-after.ts';
import type { Explanation, FieldCheck, Schedule } from '../schedule.ts';
import { stableHash } from '../stable-hash.ts';
import { describeDuration, describeLength, describeLocal } from '../text.ts';
import { getZone, type Zone } from '../zone/zone.ts';
import type { TimeSet } from './time-sets.ts';

// Schedules that limit or delay the instants of a schedule with fixed instants.

/** The first and the last instant of an entry, both inclusive. Epoch milliseconds. */
export interface Bounds {
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  /** The number of occurrences counted from `from`, which must be given. */
  readonly count?: number | undefined;
}

/** Limits a schedule to the instants within bounds. `timezone` is the zone of its description. */
export function bounded(schedule: Schedule, bounds: Bounds, timezone: string): Schedule {
  return new Bounded(schedule, bounds, timezone);
}

class Bounded extends SearchedSchedule {
  readonly #schedule: Schedule;
  readonly #bounds: Bounds;
  readonly #zone: string;
  /** The last instant; computed at the first use, because a limit by `count` takes one search per occurrence. */
  #last: number | undefined;

  constructor(schedule: Schedule, bounds: Bounds, timezone: string) {
    const { from, until, count } = bounds;
    const spec = [
      schedule.spec,
      ...(from === undefined ? [] : [`from(${new Date(from).toISOString()})`]),
      ...(until === undefined ? [] : [`until(${new Date(until).toISOString()})`]),
      ...(count === undefined ? [] : [`count(${count})`]),
    ];
    super(spec.join(' '), schedule.timezone);
    this.#schedule = schedule;
    this.#bounds = bounds;
    this.#zone = timezone;
  }

  protected findNext(after: number): number | null {
    const next = nextAfter(this.#schedule, this.#startAfter(after));
    return next > this.#lastInstant() ? null : next;
  }

  protected override findLatest(after: number, until: number): number | null {
    return latestFixed(this.#schedule, this.#startAfter(after), Math.min(until, this.#lastInstant()));
  }

  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const { from = -Infinity } = this.#bounds;
    return explainWith(this.#schedule, instant, this.#zone, {
      field: 'bounds',
      rule: this.#descriptions().join(', '),
      value: localText(instant, this.#zone),
      matches: from <= instant && instant <= this.#lastInstant(),
    });
  }

  get description(): string {
    return [describeSchedule(this.#schedule), ...this.#descriptions()].join(', ');
  }

  #descriptions(): readonly string[] {
    const { from, until, count } = this.#bounds;
    return [
      ...(from === undefined ? [] : [`from ${localText(from, this.#zone)}`]),
      ...(until === undefined ? [] : [`until ${localText(until, this.#zone)}`]),
      ...(count === undefined ? [] : [count === 1 ? 'once' : `${count} times`]),
    ];
  }

  #startAfter(after: number): number {
    return Math.max(after, (this.#bounds.from ?? -Infinity) - 1);
  }

  #lastInstant(): number {
    if (this.#last !== undefined) return this.#last;
    const { from, until = Infinity, count } = this.#bounds;
    let last = until;
    if (from !== undefined && count !== undefined) {
      last = from - 1;
      for (let i = 0; i < count && last < until; i++) last = nextAfter(this.#schedule, last);
    }
    return (this.#last = Math.min(last, until));
  }
}

/** An interval on fixed instants: every `every` ms from `start`, and before it, regardless of earlier runs. */
export function grid(every: number, start: number): Schedule {
  return new Grid(every, start);
}

class Grid extends SearchedSchedule {
  readonly #every: number;
  readonly #offset: number;

  constructor(every: number, start: number) {
    const offset = modulo(start, every);
    super(`every(${every}ms) offset ${offset}ms`);
    this.#every = every;
    this.#offset = offset;
  }

  protected findNext(after: number): number {
    return this.#newest(after) + this.#every;
  }

  protected override findLatest(after: number, until: number): number | null {
    const newest = this.#newest(until);
    return newest > after ? newest : null;
  }

  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const passed = instant - this.#newest(instant);
    const matches = passed === 0;
    const value = matches ? 'on the grid' : `${describeLength(passed)} after an instant of the grid`;
    const interval = { field: 'interval', rule: this.description, value, matches };
    return { local: `${describeLocal(instant)} UTC`, fields: [interval], notes: [] };
  }

  get description(): string {
    const offset = this.#offset === 0 ? '' : `, offset ${describeLength(this.#offset)}`;
    return `every ${describeDuration(this.#every)}${offset}`;
  }

  /** The newest instant up to `until`. */
  #newest(until: number): number {
    return until - modulo(until - this.#offset, this.#every);
  }
}

/**
 * Delays each occurrence by less than `jitter` milliseconds, and never up to the next occurrence, so that they stay
 * strictly increasing. The delay is a hash of the seed (the name of an entry) and the nominal instant: every instance
 * computes the same.
 */
export function jittered(schedule: Schedule, jitter: number, seed: string): Schedule {
  return new Jittered(schedule, jitter, seed);
}

class Jittered extends SearchedSchedule {
  readonly #nominal: Schedule;
  readonly #jitter: number;
  readonly #seed: string;

  constructor(nominal: Schedule, jitter: number, seed: string) {
    super(`${nominal.spec} jitter(${jitter}ms ${JSON.stringify(seed)})`, nominal.timezone);
    this.#nominal = nominal;
    this.#jitter = jitter;
    this.#seed = seed;
  }

  protected findNext(after: number): number {
    const passed = this.#newest(after);
    const delayed = passed === null ? -Infinity : this.#delay(passed);
    return delayed > after ? delayed : this.#delay(nextAfter(this.#nominal, after));
  }

  protected override findLatest(after: number, until: number): number | null {
    let newest = this.#newest(until, after);
    if (newest !== null && this.#delay(newest) > until) newest = this.#newest(newest - 1, after);
    const delayed = newest === null ? -Infinity : this.#delay(newest);
    return delayed > after ? delayed : null;
  }

  /** The fields are compared with the nominal instant of a delayed one. */
  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const { timezone = 'UTC' } = this;
    const nominal = this.#newest(instant);
    const delayed = nominal === null ? -Infinity : this.#delay(nominal);
    const matches = delayed === instant;
    const value =
      delayed < instant
        ? 'no occurrence is being delayed'
        : `${localText(nominal!, timezone)} is delayed to ${localText(delayed, timezone)}`;
    const check = { field: 'jitter', rule: this.#rule, value, matches };
    return explainWith(this.#nominal, matches ? nominal! : instant, timezone, check);
  }

  get description(): string {
    return `${describeSchedule(this.#nominal)}, ${this.#rule}`;
  }

  get #rule(): string {
    return `up to ${describeLength(this.#jitter)} later`;
  }

  /** The newest nominal instant up to `until` whose delay may end after `after`. */
  #newest(until: number, after = until): number | null {
    const start = Math.max(after - this.#jitter, -MAX_INSTANT);
    return start < until ? latestFixed(this.#nominal, start, until) : null;
  }

  #delay(nominal: number): number {
    if (nominal === Infinity) return Infinity;
    const gap = nextAfter(this.#nominal, nominal) - nominal;
    const share = stableHash(`${this.#seed} ${nominal}`) / 2 ** 32;
    return nominal + Math.floor(share * Math.min(this.#jitter, gap));
  }
}

export interface Selection {
  /** An instant must be at these times of day. */
  readonly between?: TimeSet | undefined;
  /** An instant must be in each of these sets. */
  readonly only: readonly TimeSet[];
  /** An instant must be in none of these sets. */
  readonly exclude: readonly TimeSet[];
}

/**
 * A search ends within 100 ms: after 41 years, which contain all 14 kinds of year (weekday of 1 January, leap year or
 * not), or after this many excluded occurrences in a row: more than one on each day of these years.
 */
const MAX_LENGTH = 41 * 366 * DAY;
const MAX_PASSED = 25_000;
/** A solar schedule takes 0.2 ms for each occurrence, and its occurrences recur after a year. */
const MAX_PASSED_OF_SUN = 400;

/** Entries that share a schedule and a selection share one object, and its cached answers. */
const known = new WeakMap<Schedule, ReturnType<typeof interner<Selected>>>();

/** A schedule without the instants that a selection excludes by the clocks of a zone. */
export function selected(schedule: Schedule, selection: Selection, timezone: string): Schedule {
  const { between, only, exclude } = selection;
  const conditions: readonly Condition[] = [
    ...(between ? [{ field: 'between', set: between, isIn: true }] : []),
    ...only.map((set) => ({ field: 'only', set, isIn: true })),
    ...exclude.map((set) => ({ field: 'exclude', set, isIn: false })),
  ];
  const sets = conditions.map(({ set, isIn }) => `${isIn ? 'only' : 'exclude'}(${shorten(set.spec)})`);
  const spec = `${schedule.spec} ${sets.join(' ')} ${timezone}`;
  const key = [spec, ...conditions.map(({ set }) => set.description)].join('\n');
  const share = known.get(schedule) ?? interner<Selected>();
  known.set(schedule, share);
  return share(key, () => new Selected(schedule, conditions, timezone, spec));
}

/** A set in which an instant must be, or must not be. */
interface Condition {
  readonly field: string;
  readonly set: TimeSet;
  readonly isIn: boolean;
}

const MAX_SPEC = 100;

/** Replaces a long spec, such as a list of dates, by a hash, because the state of every entry contains the spec. */
function shorten(spec: string): string {
  return spec.length <= MAX_SPEC ? spec : `sha256 ${hash('sha256', spec).slice(0, 32)}`;
}

class Selected extends CachedSchedule {
  readonly #schedule: Schedule;
  readonly #conditions: readonly Condition[];
  readonly #zone: Zone;

  constructor(schedule: Schedule, conditions: readonly Condition[], timezone: string, spec: string) {
    super(spec, timezone);
    this.#schedule = schedule;
    this.#conditions = conditions;
    this.#zone = getZone(timezone);
  }

  /** Adds one check per set; its value is the date or event that contains the instant. */
  explain(at: Date): Explanation {
    const instant = toMillis(at, 'at');
    const checks = this.#conditions.map((condition): FieldCheck => {
      const { field, set, isIn } = condition;
      const { inside } = set.stretchAt(instant, this.#zone);
      const value = set.describeAt?.(instant, this.#zone) ?? `${inside ? 'in' : 'outside of'} ${set.description}`;
      return { field, rule: describeCondition(condition), value, matches: inside === isIn };
    });
    return explainWith(this.#schedule, instant, this.#zone.name, ...checks);
  }

  get description(): string {
    return [describeSchedule(this.#schedule), ...this.#conditions.map(describeCondition)].join(', ');
  }

  protected search(after: number): number | null {
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

function describeSchedule({ spec, description = spec }: Schedule): string {
  return description;
}

/** Explains an instant (epoch milliseconds) by the fields of a schedule, or one if it has none, and more checks. */
function explainWith(schedule: Schedule, instant: number, timezone: string, ...checks: readonly FieldCheck[]) {
  const inner = schedule.explain?.(new Date(instant));
  if (inner) return { ...inner, fields: [...inner.fields, ...checks] };
  const matches = nextAfter(schedule, instant - 1) === instant;
  const value = matches ? 'an occurrence' : 'no occurrence';
  return {
    local: `${localText(instant, timezone)} ${timezone}`,
    fields: [{ field: 'schedule', rule: describeSchedule(schedule), value, matches }, ...checks],
    notes: [],
  };
}

function localText(instant: number, timezone: string): string {
  return describeLocal(instant + getZone(timezone).spanAt(instant).offset);
}

/** Returns the newest instant in `(after, until]`, or `null`, whether or not the schedule has `latest`. */
function latestFixed(schedule: Schedule, after: number, until: number): number | null {
  if (!schedule.latest) return latestByNext((instant) => nextAfter(schedule, instant), after, until);
  return latestWithin(schedule, after, until) ?? null;
}
