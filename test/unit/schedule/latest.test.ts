import { describe, expect, test } from 'vitest';

import { latestByNext } from '../../../src/schedule/next-after.ts';

/** Due at every multiple, and the number of questions it was asked. */
function multiples(of: number) {
  const asked = { times: 0 };
  const next = (after: number) => {
    asked.times++;
    return (Math.floor(after / of) + 1) * of;
  };
  return { next, asked };
}

describe('latestByNext', () => {
  test.each([
    [1, 0, 100, 100],
    [7, 0, 100, 98],
    [7, 91, 100, 98],
    [7, 98, 100, null],
    [7, 0, 98, 98],
    [7, 0, 7, 7],
    [7, 0, 6, null],
    [86_400_000, 0, 1e12, 999_993_600_000],
  ])('every %i, after %i until %i, is %o', (of, after, until, expected) => {
    expect(latestByNext(multiples(of).next, after, until)).toBe(expected);
  });

  test('finds the last occurrence before a long gap', () => {
    const next = (after: number) => (after < 5_000 ? Math.floor(after) + 1 : null);
    expect(latestByNext(next, 0, 1e12)).toBe(5_000);
  });

  test('returns null without an occurrence', () => {
    expect(latestByNext(() => null, 0, 1e12)).toBeNull();
    expect(latestByNext(multiples(1).next, 10, 5)).toBeNull();
  });

  test('calls next a few times for any number of occurrences', () => {
    const { next, asked } = multiples(1_000);
    latestByNext(next, 0, 1e12 + 7);
    expect(asked.times).toBeLessThan(30);
  });
});
