import { toInstant, localReached } from './calendar/clock-changes.ts';
import { DAY, HOUR, MINUTE, SECOND, toDate, toMillis } from './instants.ts';
import type { Schedule } from './schedule.ts';
import { describeDuration } from './description.ts';
import { checkZone } from './zone/zone-names.ts';
import { getZone, type Zone } from './zone/zone.ts';

/**
 * Returns the largest unit that divides an interval, or `undefined` for fractions of a second. (Celery uses the
 * largest unit that is not longer, and so runs a task with an interval of 90 minutes every hour.)
 */
export function roundUnit(every: number): number | undefined {
  return [DAY, HOUR, MINUTE, SECOND].find((unit) => every % unit === 0);
}

/** An interval in milliseconds on round instants of a zone; without a zone, UTC until `inZone` is called. */
export function roundInterval(every: number, unit: number, timezone: string | undefined): Schedule {
  return new RoundInterval(every, unit, timezone);
}

/**
 * Celery's `relative`: whole days are due at midnight in the zone, whole hours on the hour, and so on. Days are
 * calendar days, which may have 23 or 25 hours; hours and smaller units are elapsed time.
 */
class RoundInterval implements Schedule {
  readonly spec: string;
  readonly timezone: string;
  readonly #every: number;
  readonly #unit: number;
  readonly #floating: boolean;
  readonly #zone: Zone;

  constructor(every: number, unit: number, timezone: string | undefined) {
    this.timezone = timezone ?? 'UTC';
    this.spec = `every(${every}ms) round ${this.timezone}`;
    this.#every = every;
    this.#unit = unit;
    this.#floating = timezone === undefined;
    this.#zone = getZone(this.timezone);
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return toDate(this.#next(toMillis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    const end = toMillis(until, 'until');
    let newest = this.#next(toMillis(after, 'after'));
    if (newest > end) return null;
    for (;;) {
      newest = this.#latestBeforeChange(newest, end);
      const next = this.#next(newest);
      if (next > end) return toDate(newest);
      newest = next;
    }
  }

  inZone(timezone: string): Schedule {
    return this.#floating ? roundInterval(this.#every, this.#unit, checkZone(timezone)) : this;
  }

  get description(): string {
    const place = { [DAY]: 'at midnight', [HOUR]: 'on the hour', [MINUTE]: 'on the minute' };
    return `every ${describeDuration(this.#every)}, ${place[this.#unit] ?? 'on the second'}`;
  }

  #next(after: number): number {
    if (this.#unit === DAY) {
      const day = Math.floor(localReached(after, this.#zone) / DAY) * DAY;
      return toInstant(day + this.#every, this.#zone);
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
