import { expect, test } from 'vitest';
import { Random } from '../../../chaos/random.ts';
import { findTrend, type Point } from '../../../soak/trend.ts';
import { fixedSeed } from '../../support/seed.ts';

const HOUR = 3_600_000;
const COUNT = 120;

/** An hour of samples. */
const makePoints = (value: (share: number, i: number) => number): Point[] =>
  Array.from({ length: COUNT }, (_, i) => ({ at: (i * HOUR) / COUNT, value: value(i / COUNT, i) }));

const random = new Random(fixedSeed() ?? 7);
const noise = (size: number) => size * (random.next() - 0.5);

test('soak: a level line with noise is flat', () => {
  expect(findTrend(makePoints(() => 100 + noise(10)))).toMatchObject({ verdict: 'flat' });
});

test('soak: a line that rises by more than its noise rises, and its slope is found', () => {
  const trend = findTrend(makePoints((share) => 100 + 20 * share + noise(5)))!;
  expect(trend.verdict).toBe('rises');
  expect(trend.slopePerHour).toBeGreaterThan(15);
  expect(trend.slopePerHour).toBeLessThan(25);
});

test('soak: a line that falls is not flat', () => {
  expect(findTrend(makePoints((share) => 100 - 20 * share))).toMatchObject({ verdict: 'falls' });
});

test('soak: a tenth of the samples, far above the others, does not make a level line rise', () => {
  const points = makePoints((share, i) => (share > 0.5 && i % 5 === 0 ? 1_000 : 100 + noise(4)));
  expect(findTrend(points)).toMatchObject({ verdict: 'flat' });
});

test('soak: memory that is freed again and again is flat, and a leak below it is found', () => {
  const saw = (i: number) => 100 + (i % 10);
  expect(findTrend(makePoints((_, i) => saw(i)))).toMatchObject({ verdict: 'flat' });
  expect(findTrend(makePoints((share, i) => saw(i) + 30 * share))).toMatchObject({ verdict: 'rises' });
});

test('soak: a rise within the tolerance is flat', () => {
  const points = makePoints((share) => 4 + 2 * share);
  expect(findTrend(points)).toMatchObject({ verdict: 'rises' });
  expect(findTrend(points, 5)).toMatchObject({ verdict: 'flat' });
});

test('soak: more samples than are compared have the same trend', () => {
  const many = Array.from({ length: 5_000 }, (_, i) => ({ at: i * 1_000, value: i }));
  expect(findTrend(many)).toMatchObject({ verdict: 'rises', points: 5_000 });
});

test('soak: two samples have no trend', () => {
  expect(findTrend(makePoints(() => 1).slice(0, 2))).toBeNull();
});
