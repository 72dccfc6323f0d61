import type * as Astronomy from 'astronomy-engine';
import { onDemand } from '../../util/on-demand.ts';
import { DAY, HOUR, SECOND } from '../instants.ts';
import { declinationAt } from './declination.ts';

const astronomy = onDemand((require) => require('astronomy-engine') as typeof Astronomy);

const SUN_RADIUS_KM = 695_700;

/** The radius of the sun in degrees, which its distance changes by 0.005. */
const RADIUS = 0.267;

/** More than an altitude that is computed from the declination alone is off. Degrees. */
const SLACK = 0.05;

/** More than the declination changes in a half day. Degrees. */
const DRIFT = 0.21;

/** Degrees above the horizon (negative below it) of the centre or the upper limb of the sun. */
export interface Altitude {
  readonly degrees: number;
  readonly limb: 'centre' | 'upper';
}

/**
 * The position of the sun at a place at sea level, without refraction.
 *
 * Time is divided into half days: even half days begin when the sun is lowest, odd ones when it is highest. Each
 * crossing of an altitude belongs to one half day and is searched only within it, so that a search from any
 * instant finds the same millisecond. Results that differ by milliseconds would be two occurrences.
 */
export class Sun {
  readonly #observer: Astronomy.Observer;
  readonly #latitude: number;
  /** How much earlier than in Greenwich noon is, in milliseconds. */
  readonly #ahead: number;

  constructor(latitude: number, longitude: number) {
    this.#observer = new (astronomy().Observer)(latitude, longitude, 0);
    this.#latitude = latitude;
    this.#ahead = (longitude / 360) * DAY;
  }

  /** Returns the half day of an instant by mean solar time, which is off by one near its ends. */
  halfDayAt(instant: number): number {
    return Math.floor((instant + this.#ahead) / (DAY / 2));
  }

  /** Returns the start of a half day. */
  begin(halfDay: number): Astronomy.AstroTime {
    const hourAngle = halfDay % 2 === 0 ? 12 : 0;
    // Mean solar time differs from the sun by at most 17 minutes (the equation of time).
    const from = new Date(this.#meanTime(halfDay) - HOUR);
    const { Body, SearchHourAngle } = astronomy();
    return SearchHourAngle(Body.Sun, this.#observer, hourAngle, from).time;
  }

  #meanTime(halfDay: number): number {
    return halfDay * (DAY / 2) - this.#ahead;
  }

  /** Returns the degrees of the sun above an altitude. */
  above({ degrees, limb }: Altitude, time: Astronomy.AstroTime): number {
    const { Body, Equator, Horizon, KM_PER_AU } = astronomy();
    const { ra, dec, dist } = Equator(Body.Sun, time, this.#observer, true, true);
    const { altitude } = Horizon(time, this.#observer, ra, dec);
    const radius = limb === 'upper' ? Math.asin(SUN_RADIUS_KM / (dist * KM_PER_AU)) : 0;
    return altitude + radius * (180 / Math.PI) - degrees;
  }

  /** Returns when the sun rises (`1`) or sets (`-1`) through an altitude in a half day, or `null`. */
  crossing(altitude: Altitude, direction: 1 | -1, halfDay: number): Astronomy.AstroTime | null {
    const side = (time: Astronomy.AstroTime) => direction * this.above(altitude, time);
    const [begin, end] = [this.begin(halfDay), this.begin(halfDay + 1)];
    const [init_f1, init_f2] = [side(begin), side(end)];
    if (init_f1 >= 0 || init_f2 < 0) return null;
    // If the sun only touches the altitude, the search falls back to bisection, which takes more steps.
    const options = { init_f1, init_f2, dt_tolerance_seconds: 0.1, iter_limit: 100 };
    return astronomy().Search(side, begin, end, options);
  }

  /**
   * Returns 0 if a half day may have a crossing, by the declination at its ends; else the number of half days to the next
   * one that may, in either direction. Near a pole few half days of a year have one, and exact positions take long.
   */
  halfDaysWithout({ degrees, limb }: Altitude, direction: 1 | -1, halfDay: number): number {
    const [begin, end] = [halfDay, halfDay + 1].map((each) => {
      const declination = declinationAt(this.#meanTime(each));
      const centre =
        each % 2 === 0
          ? Math.abs(this.#latitude + declination) - 90
          : 90 - Math.abs(this.#latitude - declination);
      return centre + (limb === 'upper' ? RADIUS : 0) - degrees;
    }) as [number, number];
    if (direction * begin < SLACK && direction * end > -SLACK) return 0;
    const distance = Math.max(Math.min(begin, end), -Math.max(begin, end)) - SLACK;
    return Math.max(1, Math.floor(distance / DRIFT) - 1);
  }
}

/**
 * Rounds to whole seconds, in epoch milliseconds. The ephemeris is no more precise, and fractions of a second
 * would change with its releases.
 */
export function wholeSecond(time: Astronomy.AstroTime): number {
  return Math.round(time.date.getTime() / SECOND) * SECOND;
}
