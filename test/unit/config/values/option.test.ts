import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../../src/config/values/option.ts';

describe('a duration', () => {
  test.each([
    [0, 0],
    [8, 8_000],
    [1.1, 1_100],
    ['500ms', 500],
    ['8s', 8_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
  ])('of %j is %d milliseconds', (input, ms) => {
    expect(parseDuration(input)).toBe(ms);
  });

  test.each([
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [''],
    ['8'],
    ['s'],
    ['8 s'],
    ['-8s'],
    ['8S'],
    ['30m1h'],
    ['5x'],
    ['1s2s'],
    [' 8s'],
    [null],
    [true],
  ])('is not %j', (input) => {
    expect(parseDuration(input)).toBeNull();
  });
});
