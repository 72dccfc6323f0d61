import type * as Astronomy from 'astronomy-engine';
import { DAY, HOUR, SECOND } from './instants.ts';
import { interner, CachedSchedule } from './searched-schedule.ts';
import { quote } from './text.ts';
import type { Schedule } from './schedule.ts';
import { errorAt, type Diagnostic } from '../util/diagnostic.ts';
import { didYouMean } from '../util/did-you-mean.ts';
import { ConfigError } from '../util/errors.ts';
import { onDemand } from '../util/on-demand.ts';

/** Degrees above the horizon (negative below it) of the centre or the upper limb of the sun. */
interface Altitude {
  readonly degrees: number;
  readonly limb: 'centre' | 'upper';
}

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

const astronomy = onDemand((require) => require('astronomy-engine') as typeof Astronomy);

const SUN_RADIUS_KM = 695_700;

/** The radius of the sun in degrees; it varies by 0.005 with the distance. */
const RADIUS = 0.267;

/** Degrees. More than the error of an altitude that is computed from the declination alone. */
const SLACK = 0.05;

/** Degrees. More than the change of the declination in a half day. */
const DRIFT = 0.21;

/**
 * An event of the sun at a place at sea level; altitudes are without refraction.
 *
 * Time is divided into half days: even half days begin when the sun is lowest, odd ones when it is highest. Each
 * crossing of an altitude belongs to one half day and is searched only within it, so that a search from any
 * instant finds the same millisecond. Results that differ by milliseconds would be two occurrences.
 */
class Solar extends CachedSchedule {
  readonly description: string;
  readonly #rule: Rule;
  readonly #observer: Astronomy.Observer;
  /** Milliseconds by which noon is earlier than in Greenwich. */
  readonly #ahead: number;

  constructor(spec: string, rule: Rule, latitude: number, longitude: number) {
    super(spec);
    const north = `${Math.abs(latitude)}°${latitude < 0 ? 'S' : 'N'}`;
    const east = `${Math.abs(longitude)}°${longitude < 0 ? 'W' : 'E'}`;
    this.description = `at ${rule.description}, ${north} ${east}`;
    this.#rule = rule;
    this.#observer = new (astronomy().Observer)(latitude, longitude, 0);
    this.#ahead = (longitude / 360) * DAY;
  }

  protected search(after: number): number | null {
    if (after >= LAST) return null;
    const start = Math.max(after, FIRST);
    return this.#firstEvent(1, start, start + MAX_GAP);
  }

  protected override searchLatest(after: number, until: number): number | null {
    const end = Math.min(until, LAST);
    const found = this.#firstEvent(-1, end, Math.max(after, FIRST, end - MAX_GAP));
    return found !== null && found > after ? found : null;
  }

  /** Returns the first event after `start`, or with a `step` of -1 the newest one up to it. */
  #firstEvent(step: 1 | -1, start: number, end: number): number | null {
    const last = this.#halfDayAt(end) + step;
    for (let halfDay = this.#halfDayAt(start) - step; (last - halfDay) * step >= 0;) {
      const without = this.#halfDaysWithout(halfDay);
      const instant = without > 0 ? null : this.#eventIn(halfDay);
      if (instant !== null && instant > start === step > 0) return instant;
      halfDay += step * (without || 1);
    }
    return null;
  }

  /** Returns the half day of an instant by mean solar time, which is off by one near its ends. */
  #halfDayAt(instant: number): number {
    return Math.floor((instant + this.#ahead) / (DAY / 2));
  }

  #meanTime(halfDay: number): number {
    return halfDay * (DAY / 2) - this.#ahead;
  }

  #beginOf(halfDay: number): Astronomy.AstroTime {
    const hourAngle = halfDay % 2 === 0 ? 12 : 0;
    // Mean solar time differs from the sun by at most 17 minutes (the equation of time).
    const from = new Date(this.#meanTime(halfDay) - HOUR);
    const { Body, SearchHourAngle } = astronomy();
    return SearchHourAngle(Body.Sun, this.#observer, hourAngle, from).time;
  }

  /** Returns the event in a half day, which has at most one, in epoch milliseconds. */
  #eventIn(halfDay: number): number | null {
    const { altitude, direction } = this.#rule;
    const begin = this.#beginOf(halfDay);
    if (!altitude || !direction) return wholeSecond(begin);
    const side = (time: Astronomy.AstroTime) => direction * this.#above(altitude, time);
    const end = this.#beginOf(halfDay + 1);
    const [init_f1, init_f2] = [side(begin), side(end)];
    if (init_f1 >= 0 || init_f2 < 0) return null;
    // If the sun only touches the altitude, the search falls back to bisection, which takes more steps.
    const options = { init_f1, init_f2, dt_tolerance_seconds: 0.1, iter_limit: 100 };
    const time = astronomy().Search(side, begin, end, options);
    return time && wholeSecond(time);
  }

  #above({ degrees, limb }: Altitude, time: Astronomy.AstroTime): number {
    const { Body, Equator, Horizon, KM_PER_AU } = astronomy();
    const { ra, dec, dist } = Equator(Body.Sun, time, this.#observer, true, true);
    const { altitude } = Horizon(time, this.#observer, ra, dec);
    const radius = limb === 'upper' ? Math.asin(SUN_RADIUS_KM / (dist * KM_PER_AU)) : 0;
    return altitude + radius * (180 / Math.PI) - degrees;
  }

  /**
   * Returns 0 if a half day may have the event, by the declination at its ends; else the number of half days to the next
   * one that may, in either direction. Near a pole few half days of a year have one, and exact positions take long.
   */
  #halfDaysWithout(halfDay: number): number {
    const { altitude, direction } = this.#rule;
    if (!altitude || !direction) return halfDay % 2 === 0 ? 1 : 0;
    const { latitude } = this.#observer;
    const [begin, end] = [halfDay, halfDay + 1].map((each) => {
      const declination = declinationAt(this.#meanTime(each));
      const centre = each % 2 === 0 ? Math.abs(latitude + declination) - 90 : 90 - Math.abs(latitude - declination);
      return centre + (altitude.limb === 'upper' ? RADIUS : 0) - altitude.degrees;
    }) as [number, number];
    if (direction * begin < SLACK && direction * end > -SLACK) return 0;
    const distance = Math.max(Math.min(begin, end), -Math.max(begin, end)) - SLACK;
    return Math.max(1, Math.floor(distance / DRIFT) - 1);
  }
}

/** Rounds to whole seconds: the ephemeris is no more precise, and its releases change fractions. Epoch milliseconds. */
function wholeSecond(time: Astronomy.AstroTime): number {
  return Math.round(time.date.getTime() / SECOND) * SECOND;
}

/** The distance of samples, which gives the declination between them to 0.01 degrees. */
const STEP = 16 * DAY;

/** 400 years of samples, which all places share. */
const MAX_SAMPLES = 9_200;
const samples = new Map<number, number>();

/** The declination of the sun in degrees at an instant (epoch milliseconds), by a cubic through four samples. */
function declinationAt(instant: number): number {
  const place = instant / STEP;
  const number = Math.floor(place);
  const t = place - number;
  const [a, b, c, d] = [-1, 0, 1, 2].map((offset) => sample(number + offset)) as [number, number, number, number];
  return (
    (-a * t * (t - 1) * (t - 2)) / 6 +
    (b * (t + 1) * (t - 1) * (t - 2)) / 2 -
    (c * (t + 1) * t * (t - 2)) / 2 +
    (d * (t + 1) * t * (t - 1)) / 6
  );
}

function sample(number: number): number {
  const known = samples.get(number);
  if (known !== undefined) return known;
  if (samples.size >= MAX_SAMPLES) samples.clear();
  const { Body, Equator, Observer } = astronomy();
  const { dec } = Equator(Body.Sun, new Date(number * STEP), new Observer(0, 0, 0), true, true);
  samples.set(number, dec);
  return dec;
}
