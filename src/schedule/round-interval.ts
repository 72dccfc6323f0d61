import { instantOf, localReached } from './clock-changes.ts';
import { DAY, HOUR, MINUTE, SECOND, dateOrNull, millis } from './instants.ts';
import { interner } from './intern.ts';
import type { Schedule } from './schedule.ts';
import { durationWords } from './words.ts';
import { checkZone } from './zone-names.ts';
import { zoneNamed, type Zone } from './zone.ts';

/**
 * The unit whose round instants an interval keeps to: the largest that divides it. (Celery takes the
 * largest that fits into it, and so runs a task of every 90 minutes each hour.) None for fractions of
 * a second.
 */
export function roundUnit(every: number): number | undefined {
  return [DAY, HOUR, MINUTE, SECOND].find((unit) => every % unit === 0);
}

const intern = interner<RoundInterval>();

/** An interval in milliseconds on round instants of a zone; without one, UTC until told otherwise. */
export function roundInterval(every: number, unit: number, timezone: string | undefined): Schedule {
  return intern(`${every} ${timezone ?? ''}`, () => new RoundInterval(every, unit, timezone));
}

/**
 * Celery's `relative`: whole days are due at midnight, whole hours on the hour, and so on, by the clocks
 * of the zone. Days are dates, however many hours they have; hours and less are elapsed time.
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
    this.#zone = zoneNamed(this.timezone);
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return dateOrNull(this.#next(millis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    const end = millis(until, 'until');
    let newest = this.#next(millis(after, 'after'));
    if (newest > end) return null;
    for (;;) {
      newest = this.#latestBeforeChange(newest, end);
      const next = this.#next(newest);
      if (next > end) return dateOrNull(newest);
      newest = next;
    }
  }

  inZone(timezone: string): Schedule {
    return this.#floating ? roundInterval(this.#every, this.#unit, checkZone(timezone)) : this;
  }

  get words(): string {
    const place = { [DAY]: 'at midnight', [HOUR]: 'on the hour', [MINUTE]: 'on the minute' };
    return `every ${durationWords(this.#every)}, ${place[this.#unit] ?? 'on the second'}`;
  }

  #next(after: number): number {
    if (this.#unit === DAY) {
      const day = Math.floor(localReached(after, this.#zone) / DAY) * DAY;
      return instantOf(day + this.#every, this.#zone);
    }
    const { offset } = this.#zone.spanAt(after);
    return Math.floor((after + offset) / this.#unit) * this.#unit - offset + this.#every;
  }

  /** As far as plain addition leads: from a round instant until the offset changes. */
  #latestBeforeChange(start: number, until: number): number {
    const { offset, end } = this.#zone.spanAt(start);
    const round = this.#unit !== DAY && (start + offset) % this.#unit === 0;
    const times = Math.floor((Math.min(until, end - 1) - start) / this.#every);
    return round ? start + times * this.#every : start;
  }
}
