import { percentile } from '../bench/stats.ts';

/** A sample of a line. */
export interface Point {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly value: number;
}

/** Whether a line is level, by robust regression: the median of the slopes between all pairs of points. */
export interface Trend {
  readonly points: number;
  /** The median value. */
  readonly level: number;
  readonly slopePerHour: number;
  /** The slope, times the time from the first point to the last. */
  readonly rise: number;
  /** The typical distance of a point from the regression line: 1.48 times the median absolute residual. */
  readonly noise: number;
  readonly verdict: 'flat' | 'rises' | 'falls';
}

const HOUR = 3_600_000;
/** All pairs of so many points are compared. */
const MOST_POINTS = 500;
/** From the median absolute deviation to the standard deviation of a normal distribution. */
const DEVIATION = 1.4826;
/** A rise within the noise is not one; neither is one that is small beside the level. */
const NOISE = 2;
const SHARE = 0.03;

/** Returns `null` for fewer than three points. A rise of less than `tolerance`, in the unit of the values, is flat. */
export function findTrend(points: readonly Point[], tolerance = 0): Trend | null {
  const every = Math.ceil(points.length / MOST_POINTS);
  const used = points.filter((_, i) => i % every === 0);
  if (used.length < 3) return null;
  const slopes = used.flatMap((a, i) => used.slice(i + 1).map((b) => (b.value - a.value) / (b.at - a.at)));
  const slope = percentile(slopes, 50);
  const origin = used[0]!.at;
  const residuals = used.map(({ at, value }) => value - slope * (at - origin));
  const middle = percentile(residuals, 50);
  const deviations = residuals.map((residual) => Math.abs(residual - middle));
  const noise = DEVIATION * percentile(deviations, 50);
  const level = percentile(
    used.map(({ value }) => value),
    50,
  );
  const rise = slope * (used.at(-1)!.at - origin);
  const isFlat = Math.abs(rise) <= Math.max(NOISE * noise, SHARE * Math.abs(level), tolerance);
  const verdict = isFlat ? 'flat' : rise > 0 ? 'rises' : 'falls';
  return { points: points.length, level, slopePerHour: slope * HOUR, rise, noise, verdict };
}
