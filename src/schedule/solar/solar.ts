import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { LastAnswerCache } from '../last-answer-cache.ts';
import { DAY, toDate, toMillis } from '../instants.ts';
import { interner } from '../intern.ts';
import type { Schedule } from '../schedule.ts';
import { quote } from '../quote.ts';
import { Sun, wholeSecond, type Altitude } from './sun.ts';

/** Refraction raises the sun by 34 minutes of arc at the horizon. */
const HORIZON: Altitude = { degrees: -34 / 60, limb: 'upper' };
const below = (degrees: number): Altitude => ({ degrees: -degrees, limb: 'centre' });

interface Rule {
  /** Absent for noon. */
  readonly altitude?: Altitude;
  /** Whether the sun rises or sets through the altitude. */
  readonly direction?: 1 | -1;
  readonly description: string;
}

/** Celery's nine events, in the order of a day. */
const RULES = {
  dawn_astronomical: { altitude: below(18), direction: 1, description: 'astronomical dawn' },
  dawn_nautical: { altitude: below(12), direction: 1, description: 'nautical dawn' },
  dawn_civil: { altitude: below(6), direction: 1, description: 'civil dawn' },
  sunrise: { altitude: HORIZON, direction: 1, description: 'sunrise' },
  solar_noon: { description: 'solar noon' },
  sunset: { altitude: HORIZON, direction: -1, description: 'sunset' },
  dusk_civil: { altitude: below(6), direction: -1, description: 'civil dusk' },
  dusk_nautical: { altitude: below(12), direction: -1, description: 'nautical dusk' },
  dusk_astronomical: { altitude: below(18), direction: -1, description: 'astronomical dusk' },
} as const satisfies Record<string, Rule>;

export type SolarEvent = keyof typeof RULES;
export const SOLAR_EVENTS = Object.keys(RULES) as readonly SolarEvent[];

/**
 * Celery's solar: due at an event of the sun at a place, such as sunrise or the end of civil dusk, to the
 * second. `latitude` is in degrees north, `longitude` in degrees east. Days without the event, as in polar
 * summer and winter, are skipped. Throws a `ConfigError` for an unknown event and for invalid coordinates.
 */
export function solar(event: SolarEvent, latitude: number, longitude: number): Schedule {
  const errors: Diagnostic[] = [];
  const report = (path: string, message: string) => errors.push(errorAt([path], message));
  if (!SOLAR_EVENTS.includes(event)) {
    const guess = typeof event === 'string' ? didYouMean(event, SOLAR_EVENTS) : '';
    report('event', expected(event, `one of ${SOLAR_EVENTS.join(', ')}`) + guess);
  }
  for (const [name, degrees, most] of [
    ['latitude', latitude, 90],
    ['longitude', longitude, 180],
  ] as const) {
    if (typeof degrees === 'number' && Math.abs(degrees) <= most) continue;
    report(name, expected(degrees, `a number of degrees from -${most} to ${most}`));
  }
  if (errors.length > 0) throw new ConfigError(errors);
  const spec = `solar(${event} ${latitude} ${longitude})`;
  return intern(spec, () => new Solar(spec, RULES[event], latitude, longitude));
}

function expected(value: unknown, allowed: string): string {
  return value === undefined ? `missing; expected ${allowed}` : `${quote(value)} is not ${allowed}`;
}

const intern = interner<Solar>();

/** The range in which the ephemeris gives results. */
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-01-01T00:00:00Z');

/** Longer than a year: at the poles the sun rises once a year. */
const MAX_GAP = 400 * DAY;

class Solar implements Schedule {
  readonly spec: string;
  readonly description: string;
  readonly #rule: Rule;
  readonly #sun: Sun;
  readonly #answers: LastAnswerCache;

  constructor(spec: string, rule: Rule, latitude: number, longitude: number) {
    const north = `${Math.abs(latitude)}°${latitude < 0 ? 'S' : 'N'}`;
    const east = `${Math.abs(longitude)}°${longitude < 0 ? 'W' : 'E'}`;
    this.spec = spec;
    this.description = `at ${rule.description}, ${north} ${east}`;
    this.#rule = rule;
    this.#sun = new Sun(latitude, longitude);
    this.#answers = new LastAnswerCache({
      next: (after) => this.#searchNext(after),
      latest: (after, until) => this.#searchLatest(after, until),
    });
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return toDate(this.#answers.next(toMillis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    return toDate(this.#answers.latest(toMillis(after, 'after'), toMillis(until, 'until')));
  }

  #searchNext(after: number): number | null {
    if (after >= LAST) return null;
    const start = Math.max(after, FIRST);
    const last = this.#sun.halfDayAt(start + MAX_GAP);
    for (let halfDay = this.#sun.halfDayAt(start) - 1; halfDay <= last;) {
      const without = this.#halfDaysWithout(halfDay);
      const instant = without > 0 ? null : this.#eventIn(halfDay);
      if (instant !== null && instant > start) return instant;
      halfDay += without || 1;
    }
    return null;
  }

  #searchLatest(after: number, until: number): number | null {
    const end = Math.min(until, LAST);
    const oldest = Math.max(after, FIRST, end - MAX_GAP);
    const last = this.#sun.halfDayAt(oldest) - 1;
    for (let halfDay = this.#sun.halfDayAt(end) + 1; halfDay >= last;) {
      const without = this.#halfDaysWithout(halfDay);
      const instant = without > 0 ? null : this.#eventIn(halfDay);
      if (instant !== null && instant <= end) return instant > after ? instant : null;
      halfDay -= without || 1;
    }
    return null;
  }

  /** The number of half days from this one that surely have no event; 0 if this one may have. */
  #halfDaysWithout(halfDay: number): number {
    const { altitude, direction } = this.#rule;
    if (altitude && direction) return this.#sun.halfDaysWithout(altitude, direction, halfDay);
    return halfDay % 2 === 0 ? 1 : 0;
  }

  /** Returns the event in a half day, which has at most one, in epoch milliseconds. */
  #eventIn(halfDay: number): number | null {
    const { altitude, direction } = this.#rule;
    if (altitude && direction) {
      const time = this.#sun.crossing(altitude, direction, halfDay);
      return time && wholeSecond(time);
    }
    return wholeSecond(this.#sun.begin(halfDay));
  }
}
