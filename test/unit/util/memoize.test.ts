import { expect, test } from 'vitest';
import { memoize } from '../../../src/util/memoize.ts';

test('what was made of a key is made once, and forgotten before it could fill the memory', () => {
  const made = memoize<object>();
  const make = () => ({});
  const first = made('first', make);
  expect(made('first', make)).toBe(first);
  for (let i = 0; i < 5_000; i++) made(`key ${i}`, make);
  expect(made('first', make)).not.toBe(first);
});
