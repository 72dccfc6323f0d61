import { toDate, toMillis } from '../instants.ts';
import { nextAfter } from '../next-after.ts';
import type { Explanation, Schedule } from '../schedule.ts';
import { explainInstant, localText } from './explain.ts';
import { latestFixed } from './latest-fixed.ts';

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
