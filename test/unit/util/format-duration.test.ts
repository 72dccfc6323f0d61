import { expect, test } from 'vitest';
import { formatDuration, formatSpan } from '../../../src/util/format-duration.ts';

test.each([
  [-5, '-5 ms'],
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min'],
  [60_000, '1 min'],
  [90_000, '1 min 30 s'],
  [3_600_000, '1 h'],
  [3_660_000, '1 h 1 min'],
  [90_061_000, '1 d 1 h'],
])('formatDuration: %d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [-1_000, '0 s'],
  [499, '0 s'],
  [500, '1 s'],
  [59_600, '1 min'],
  [61_000, '1 min 1 s'],
])('formatSpan: %d ms are %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});
