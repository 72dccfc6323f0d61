import type * as Astronomy from 'astronomy-engine';
import { onDemand } from '../../util/on-demand.ts';
import { DAY } from '../instants.ts';

const astronomy = onDemand((require) => require('astronomy-engine') as typeof Astronomy);

/** Samples so far apart give the declination between them to 0.01 degrees. */
const STEP = 16 * DAY;

/** 400 years of samples, which all places share. */
const MAX_SAMPLES = 9_200;
const samples = new Map<number, number>();

/** The declination of the sun in degrees at an instant (epoch milliseconds), by a cubic through four samples. */
export function declinationAt(instant: number): number {
  const place = instant / STEP;
  const number = Math.floor(place);
  const t = place - number;
  const [a, b, c, d] = [-1, 0, 1, 2].map((offset) => sample(number + offset)) as Four;
  return (
    (-a * t * (t - 1) * (t - 2)) / 6 +
    (b * (t + 1) * (t - 1) * (t - 2)) / 2 -
    (c * (t + 1) * t * (t - 2)) / 2 +
    (d * (t + 1) * t * (t - 1)) / 6
  );
}

type Four = [number, number, number, number];

function sample(number: number): number {
  const known = samples.get(number);
  if (known !== undefined) return known;
  if (samples.size >= MAX_SAMPLES) samples.clear();
  const { Body, Equator, Observer } = astronomy();
  const { dec } = Equator(Body.Sun, new Date(number * STEP), new Observer(0, 0, 0), true, true);
  samples.set(number, dec);
  return dec;
}
