/** A part of a time: `values` of a unit in milliseconds, ascending. */
export interface TimePart {
  readonly unit: number;
  readonly values: readonly number[];
}

/**
 * The times of a day, an hour or a minute: each combination of hours, minutes and seconds. They are computed, not listed,
 * because a day may have 86,400 of them.
 */
export class PeriodTimes {
  readonly #parts: readonly TimePart[];
  readonly count: number;

  /** The longest unit first. */
  constructor(parts: readonly TimePart[]) {
    this.#parts = parts;
    this.count = countTimes(parts);
  }

  /** The time at an index from 0, in milliseconds. */
  at(index: number): number {
    let time = 0;
    let rest = index;
    for (const { unit, values } of this.#parts.toReversed()) {
      time += values[rest % values.length]! * unit;
      rest = Math.floor(rest / values.length);
    }
    return time;
  }

  /** The index of the first time at or after `time`; `count` if there is none. */
  indexFrom(time: number): number {
    let index = 0;
    let rest = time;
    for (const [i, { unit, values }] of this.#parts.entries()) {
      const within = countTimes(this.#parts.slice(i + 1));
      const value = Math.floor(rest / unit);
      const passed = values.findIndex((each) => each >= value);
      if (passed < 0) return index + values.length * within;
      index += passed * within;
      if (values[passed] !== value) return index;
      rest -= value * unit;
    }
    return rest > 0 ? index + 1 : index;
  }
}

function countTimes(parts: readonly Pick<TimePart, 'values'>[]): number {
  return parts.reduce((count, { values }) => count * values.length, 1);
}
