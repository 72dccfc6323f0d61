import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { Answers } from './answers.ts';
import { DAY, dateOrNull, millis } from './instants.ts';
import { interner } from './intern.ts';
import type { Schedule } from './schedule.ts';
import { show } from './show.ts';
import { Sun, wholeSecond, type Altitude } from './sun.ts';

/** Refraction lifts the sun by 34 minutes of arc when it stands on the horizon. */
const HORIZON: Altitude = { degrees: -34 / 60, limb: 'upper' };
const below = (degrees: number): Altitude => ({ degrees: -degrees, limb: 'centre' });

interface Rule {
  /** Absent for noon, which has no altitude of its own. */
  readonly altitude?: Altitude;
  /** Whether the sun comes up or goes down through it. */
  readonly direction?: 1 | -1;
  readonly words: string;
}

/** Celery's nine events, in the order of a day. */
const RULES = {
  dawn_astronomical: { altitude: below(18), direction: 1, words: 'astronomical dawn' },
  dawn_nautical: { altitude: below(12), direction: 1, words: 'nautical dawn' },
  dawn_civil: { altitude: below(6), direction: 1, words: 'civil dawn' },
  sunrise: { altitude: HORIZON, direction: 1, words: 'sunrise' },
  solar_noon: { words: 'solar noon' },
  sunset: { altitude: HORIZON, direction: -1, words: 'sunset' },
  dusk_civil: { altitude: below(6), direction: -1, words: 'civil dusk' },
  dusk_nautical: { altitude: below(12), direction: -1, words: 'nautical dusk' },
  dusk_astronomical: { altitude: below(18), direction: -1, words: 'astronomical dusk' },
} as const satisfies Record<string, Rule>;

export type SolarEvent = keyof typeof RULES;
export const SOLAR_EVENTS = Object.keys(RULES) as readonly SolarEvent[];

/**
 * Celery's solar: due when the sun rises, sets or stands highest at a place, or dawn begins or dusk ends
 * there, to the second. `latitude` is in degrees north, `longitude` in degrees east. Days on which the
 * sun does not do so, as in polar summer and winter, are passed over. A `ConfigError` for an unknown
 * event and for a place that is not on Earth, `path` naming which.
 */
export function solar(event: SolarEvent, latitude: number, longitude: number): Schedule {
  const errors: Diagnostic[] = [];
  const note = (path: string, message: string) => errors.push(errorAt([path], message));
  if (!SOLAR_EVENTS.includes(event)) {
    const guess = typeof event === 'string' ? didYouMean(event, SOLAR_EVENTS) : '';
    note('event', wanted(event, `one of ${SOLAR_EVENTS.join(', ')}`) + guess);
  }
  for (const [name, degrees, most] of [
    ['latitude', latitude, 90],
    ['longitude', longitude, 180],
  ] as const) {
    if (typeof degrees === 'number' && Math.abs(degrees) <= most) continue;
    note(name, wanted(degrees, `a number of degrees from -${most} to ${most}`));
  }
  if (errors.length > 0) throw new ConfigError(errors);
  const spec = `solar(${event} ${latitude} ${longitude})`;
  return intern(spec, () => new Solar(spec, RULES[event], latitude, longitude));
}

function wanted(value: unknown, allowed: string): string {
  return value === undefined ? `missing; expected ${allowed}` : `${show(value)} is not ${allowed}`;
}

const intern = interner<Solar>();

/** The ephemeris is made for our times; at these ends it still answers. */
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-01-01T00:00:00Z');

/** At the poles the sun rises once a year; every event comes at every place within this. */
const LONGEST_NIGHT = 400 * DAY;

class Solar implements Schedule {
  readonly spec: string;
  readonly words: string;
  readonly #rule: Rule;
  readonly #sun: Sun;
  readonly #answers: Answers;

  constructor(spec: string, rule: Rule, latitude: number, longitude: number) {
    const north = `${Math.abs(latitude)}°${latitude < 0 ? 'S' : 'N'}`;
    const east = `${Math.abs(longitude)}°${longitude < 0 ? 'W' : 'E'}`;
    this.spec = spec;
    this.words = `at ${rule.words}, ${north} ${east}`;
    this.#rule = rule;
    this.#sun = new Sun(latitude, longitude);
    this.#answers = new Answers({
      next: (after) => this.#searchNext(after),
      latest: (after, until) => this.#searchLatest(after, until),
    });
    Object.freeze(this);
  }

  next(after: Date): Date | null {
    return dateOrNull(this.#answers.next(millis(after, 'after')));
  }

  latest(after: Date, until: Date): Date | null {
    return dateOrNull(this.#answers.latest(millis(after, 'after'), millis(until, 'until')));
  }

  #searchNext(after: number): number | null {
    if (after >= LAST) return null;
    const start = Math.max(after, FIRST);
    const last = this.#sun.halfDayAt(start + LONGEST_NIGHT);
    for (let halfDay = this.#sun.halfDayAt(start) - 1; halfDay <= last; halfDay++) {
      const instant = this.#eventIn(halfDay);
      if (instant !== null && instant > start) return instant;
    }
    return null;
  }

  #searchLatest(after: number, until: number): number | null {
    const end = Math.min(until, LAST);
    const oldest = Math.max(after, FIRST, end - LONGEST_NIGHT);
    const last = this.#sun.halfDayAt(oldest) - 1;
    for (let halfDay = this.#sun.halfDayAt(end) + 1; halfDay >= last; halfDay--) {
      const instant = this.#eventIn(halfDay);
      if (instant !== null && instant <= end) return instant > after ? instant : null;
    }
    return null;
  }

  /** Epoch milliseconds; no half day holds two. */
  #eventIn(halfDay: number): number | null {
    const { altitude, direction } = this.#rule;
    if (altitude && direction) {
      const time = this.#sun.crossing(altitude, direction, halfDay);
      return time && wholeSecond(time);
    }
    return halfDay % 2 === 0 ? null : wholeSecond(this.#sun.begin(halfDay));
  }
}
