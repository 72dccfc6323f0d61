import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { didYouMean, findClosest } from '../../../src/util/did-you-mean.ts';

const fields = ['minute', 'hour', 'dayOfWeek', 'dayOfMonth', 'monthOfYear'];

describe('nearest', () => {
  it.each([
    ['minutes', 'minute'],
    ['houre', 'hour'],
    ['huor', 'hour'],
    ['day_of_weak', 'dayOfWeek'],
    ['DAY_OF_MONTH', 'dayOfMonth'],
    ['month-of-yaer', 'monthOfYear'],
  ])('takes %s for %s', (word, name) => {
    expect(findClosest(word, fields)).toBe(name);
  });

  it.each(['second', 'x', '', 'timezone'])('does not guess what "%s" meant', (word) => {
    expect(findClosest(word, fields)).toBeUndefined();
  });

  it('prefers the name that needs the fewest changes', () => {
    expect(findClosest('days', ['hours', 'day', 'weeks'])).toBe('day');
  });

  it('ends a message with the question, or with nothing', () => {
    expect(didYouMean('minuet', fields)).toBe('; did you mean "minute"?');
    expect(didYouMean('zebra', fields)).toBe('');
  });

  it('makes no guess at a text that is longer than any name, nor among very many names', () => {
    const long = 'minute'.repeat(10_000);
    expect(findClosest(long, [`${long}s`])).toBeUndefined();
    expect(findClosest('minuet', [long, 'minute'])).toBe('minute');
    const names = Array.from({ length: 10_000 }, (_, i) => `queue${i}`);
    expect(findClosest('queue', names)).toBeUndefined();
  });

  it('finds what a full search finds', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
    fc.assert(
      fc.property(words, fc.array(words, { maxLength: 6 }), (word, names) => {
        const limit = Math.floor(word.length / 3);
        const distances = names.map((name) => distance(word, name));
        const least = Math.min(...distances);
        expect(findClosest(word, names)).toBe(
          least <= limit ? names[distances.indexOf(least)] : undefined,
        );
      }),
    );
  });
});

/** By the definition, without a limit. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [x, y] = [a.slice(1), b.slice(1)];
  if (a.at(0) === b.at(0)) return distance(x, y);
  const swap =
    a.at(0) === b.at(1) && a.at(1) === b.at(0) ? distance(a.slice(2), b.slice(2)) : Infinity;
  return 1 + Math.min(distance(x, b), distance(a, y), distance(x, y), swap);
}
