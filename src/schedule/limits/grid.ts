import { describeDuration, describeLength, describeLocal } from '../description.ts';
import { toDate, toMillis } from '../instants.ts';
import type { Explanation, Schedule } from '../schedule.ts';

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
