import type * as Astronomy from 'astronomy-engine';
import { onDemand } from '../util/on-demand.ts';
import { DAY, HOUR, SECOND } from './instants.ts';

const astronomy = onDemand((require) => require('astronomy-engine') as typeof Astronomy);

const SUN_RADIUS_KM = 695_700;

/** Degrees above the horizon, negative below it, of the disc's centre or of its upper limb. */
export interface Altitude {
  readonly degrees: number;
  readonly limb: 'centre' | 'upper';
}

/**
 * The sun as seen from a place at sea level, without air that would bend its light.
 *
 * Time is cut into half days, from each lowest stand of the sun (even numbers) to its highest and on to
 * the next lowest. Every crossing of an altitude belongs to one of them, and is searched between its two
 * ends alone. So an event has the same instant from wherever one looks for it: found twice, some
 * milliseconds apart, it would be two.
 */
export class Sun {
  readonly #observer: Astronomy.Observer;
  /** How much earlier than in Greenwich it is noon. */
  readonly #ahead: number;

  constructor(latitude: number, longitude: number) {
    this.#observer = new (astronomy().Observer)(latitude, longitude, 0);
    this.#ahead = (longitude / 360) * DAY;
  }

  /** The half day that holds an instant; by clocks, and so one too many or too few near its ends. */
  halfDayAt(instant: number): number {
    return Math.floor((instant + this.#ahead) / (DAY / 2));
  }

  /** When a half day begins. */
  begin(halfDay: number): Astronomy.AstroTime {
    // Never more than some 17 minutes from the sun: the equation of time.
    const byClocks = halfDay * (DAY / 2) - this.#ahead;
    const hourAngle = halfDay % 2 === 0 ? 12 : 0;
    const from = new Date(byClocks - HOUR);
    const { Body, SearchHourAngle } = astronomy();
    return SearchHourAngle(Body.Sun, this.#observer, hourAngle, from).time;
  }

  /** How far the sun is above an altitude. Degrees. */
  above({ degrees, limb }: Altitude, time: Astronomy.AstroTime): number {
    const { Body, Equator, Horizon, KM_PER_AU } = astronomy();
    const { ra, dec, dist } = Equator(Body.Sun, time, this.#observer, true, true);
    const { altitude } = Horizon(time, this.#observer, ra, dec);
    const radius = limb === 'upper' ? Math.asin(SUN_RADIUS_KM / (dist * KM_PER_AU)) : 0;
    return altitude + radius * (180 / Math.PI) - degrees;
  }

  /** When the sun comes up (`1`) or down (`-1`) through an altitude in a half day; `null` if it does not. */
  crossing(altitude: Altitude, direction: 1 | -1, halfDay: number): Astronomy.AstroTime | null {
    const side = (time: Astronomy.AstroTime) => direction * this.above(altitude, time);
    const [begin, end] = [this.begin(halfDay), this.begin(halfDay + 1)];
    const [init_f1, init_f2] = [side(begin), side(end)];
    if (init_f1 >= 0 || init_f2 < 0) return null;
    // Where the sun but grazes the altitude, the search comes down to halving.
    const options = { init_f1, init_f2, dt_tolerance_seconds: 0.1, iter_limit: 100 };
    return astronomy().Search(side, begin, end, options);
  }
}

/**
 * Epoch milliseconds, in whole seconds. Where the sun is, is known no better, and what stands behind
 * the second would change with every release of the ephemeris.
 */
export function wholeSecond(time: Astronomy.AstroTime): number {
  return Math.round(time.date.getTime() / SECOND) * SECOND;
}
