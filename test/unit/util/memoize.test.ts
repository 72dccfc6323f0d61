import { expect, test } from 'vitest';
import { memoize } from '../../../src/util/memoize.ts';

test('memoize: computes each key once, and is cleared when it is full', () => {
  const made = memoize<object>();
  const make = () => ({});
  const first = made('first', make);
  expect(made('first', make)).toBe(first);
  for (let i = 0; i < 5_000; i++) made(`key ${i}`, make);
  expect(made('first', make)).not.toBe(first);
});
