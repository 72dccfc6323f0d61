import type { ZoneOptions } from './calendar/calendar-schedule.ts';
import { toInstant, localReached } from './calendar/clock-changes.ts';
import { describeDuration, quote } from './text.ts';
import { DAY, HOUR, MAX_INSTANT, MINUTE, SECOND } from './instants.ts';
import type { Schedule } from './schedule.ts';
import { SearchedSchedule } from './searched-schedule.ts';
import { checkZone } from './zone/zone-names.ts';
import { getZone, type Zone } from './zone/zone.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../util/diagnostic.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { ConfigError } from '../util/errors.ts';

/** Parts of an interval, added as in Python; parts may be negative or fractions, the sum must be positive. */
export interface TimedeltaParts {
  readonly weeks?: number | undefined;
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
  readonly microseconds?: number | undefined;
}

interface TimedeltaOptions extends ZoneOptions {
  /** On round instants of the zone instead of counted from the anchor: see `RoundInterval`. */
  readonly relative?: boolean | undefined;
}

/** In milliseconds. */
export const PARTS: Readonly<Record<keyof TimedeltaParts, number>> = {
  weeks: 7 * DAY,
  days: DAY,
  hours: HOUR,
  minutes: MINUTE,
  seconds: SECOND,
  milliseconds: 1,
  microseconds: 0.001,
};

/**
 * An interval, counted from the previous occurrence in elapsed time, regardless of clock changes, in whole
 * milliseconds. Throws a `ConfigError` for unknown parts and for less than a millisecond.
 */
export function timedelta(parts: TimedeltaParts, options: TimedeltaOptions = {}): Schedule {
  const every = total(parts);
  const { relative = false, timezone } = options;
  const own = timezone === undefined ? undefined : checkZone(timezone);
  const unit = relative ? roundUnit(every) : undefined;
  return unit === undefined ? new Interval(every) : new RoundInterval(every, unit, own);
}

function total(parts: TimedeltaParts): number {
  const errors: Diagnostic[] = [];
  let sum = 0;
  for (const [key, value] of Object.entries(parts) as [string, unknown][]) {
    if (errors.length === MAX_PROBLEMS) break;
    if (value === undefined) continue;
    const size = Object.hasOwn(PARTS, key) ? PARTS[key as keyof TimedeltaParts] : undefined;
    if (size === undefined) {
      const names = Object.keys(PARTS);
      const guess = didYouMean(key, names) || `; allowed: ${names.join(', ')}`;
      errors.push(errorAt([key], `unknown unit${guess}`));
    } else if (typeof value !== 'number' || !Number.isFinite(value)) {
      errors.push(errorAt([key], `${quote(value)} is not a number`));
    } else {
      sum += value * size;
    }
  }
  if (errors.length > 0) throw new ConfigError(errors);

  const every = Math.round(sum);
  if (sum >= 1 && every <= MAX_INSTANT) return every;
  const allowed = sum < 1 ? 'the minimum is one millisecond' : 'it exceeds the range of dates';
  throw new ConfigError(`an interval of ${sum / SECOND} seconds cannot be scheduled: ${allowed}`);
}

class Interval extends SearchedSchedule {
  readonly every: number;

  constructor(every: number) {
    super(`every(${every}ms)`);
    this.every = every;
  }

  protected findNext(after: number): number {
    return after + this.every;
  }

  protected override findLatest(after: number, until: number): number | null {
    const times = Math.floor((until - after) / this.every);
    return times < 1 ? null : after + times * this.every;
  }

  get description(): string {
    return `every ${describeDuration(this.every)}`;
  }
}

/** The largest unit that divides an interval, if any. (Celery's need not divide it: 90 minutes become an hour.) */
export function roundUnit(every: number): number | undefined {
  return [DAY, HOUR, MINUTE, SECOND].find((unit) => every % unit === 0);
}

/**
 * Celery's `relative`: whole days are due at midnight in the zone, whole hours on the hour, and so on. Days are
 * calendar days, which may have 23 or 25 hours; hours and smaller units are elapsed time.
 */
class RoundInterval extends SearchedSchedule {
  readonly #every: number;
  readonly #unit: number;
  readonly #zone: Zone;

  constructor(every: number, unit: number, timezone?: string) {
    const zone = getZone(timezone ?? 'UTC');
    super(`every(${every}ms) round ${zone.name}`, timezone, (other) => new RoundInterval(every, unit, other));
    this.#every = every;
    this.#unit = unit;
    this.#zone = zone;
  }

  protected override findLatest(after: number, until: number): number | null {
    let newest: number | null = null;
    for (let next = this.findNext(after); next <= until; next = this.findNext(newest)) {
      newest = this.#latestBeforeChange(next, until);
    }
    return newest;
  }

  get description(): string {
    const place = { [DAY]: 'at midnight', [HOUR]: 'on the hour', [MINUTE]: 'on the minute' };
    return `every ${describeDuration(this.#every)}, ${place[this.#unit] ?? 'on the second'}`;
  }

  protected findNext(after: number): number {
    if (this.#unit === DAY) {
      return toInstant(Math.floor(localReached(after, this.#zone) / DAY) * DAY + this.#every, this.#zone);
    }
    const { offset } = this.#zone.spanAt(after);
    return Math.floor((after + offset) / this.#unit) * this.#unit - offset + this.#every;
  }

  /** Returns the newest instant up to `until` and before the next change of the offset. */
  #latestBeforeChange(start: number, until: number): number {
    const { offset, end } = this.#zone.spanAt(start);
    const round = this.#unit !== DAY && (start + offset) % this.#unit === 0;
    const times = Math.floor((Math.min(until, end - 1) - start) / this.#every);
    return round ? start + times * this.#every : start;
  }
}
