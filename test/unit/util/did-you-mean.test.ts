import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { didYouMean, findClosest } from '../../../src/util/did-you-mean.ts';

const fields = ['minute', 'hour', 'dayOfWeek', 'dayOfMonth', 'monthOfYear'];

describe('findClosest', () => {
  test.each([
    ['minutes', 'minute'],
    ['houre', 'hour'],
    ['huor', 'hour'],
    ['day_of_weak', 'dayOfWeek'],
    ['DAY_OF_MONTH', 'dayOfMonth'],
    ['month-of-yaer', 'monthOfYear'],
  ])('suggests for %s: %s', (word, name) => {
    expect(findClosest(word, fields)).toBe(name);
  });

  test.each(['second', 'x', '', 'timezone'])('suggests nothing for "%s"', (word) => {
    expect(findClosest(word, fields)).toBeUndefined();
  });

  test('suggests the name with the fewest changes', () => {
    expect(findClosest('days', ['hours', 'day', 'weeks'])).toBe('day');
  });

  test('didYouMean returns a question or an empty string', () => {
    expect(didYouMean('minuet', fields)).toBe('; did you mean "minute"?');
    expect(didYouMean('zebra', fields)).toBe('');
  });

  test('suggests nothing for very long names or among very many names', () => {
    const long = 'minute'.repeat(10_000);
    expect(findClosest(long, [`${long}s`])).toBeUndefined();
    expect(findClosest('minuet', [long, 'minute'])).toBe('minute');
    const names = Array.from({ length: 10_000 }, (_, i) => `queue${i}`);
    expect(findClosest('queue', names)).toBeUndefined();
  });

  test('finds the same name as a full search', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
    fc.assert(
      fc.property(words, fc.array(words, { maxLength: 6 }), (word, names) => {
        const limit = Math.floor(word.length / 3);
        const distances = names.map((name) => distance(word, name));
        const least = Math.min(...distances);
        expect(findClosest(word, names)).toBe(least <= limit ? names[distances.indexOf(least)] : undefined);
      }),
    );
  });
});

/** Levenshtein's distance by its definition; two swapped neighbours alone count as one. */
function distance(a: string, b: string): number {
  const swaps = Array.from(a, (_, i) => `${a.slice(0, i)}${a[i + 1]}${a[i]}${a.slice(i + 2)}`);
  return a !== b && swaps.includes(b) ? 1 : levenshtein(a, b);
}

function levenshtein(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [x, y] = [a.slice(1), b.slice(1)];
  if (a.at(0) === b.at(0)) return levenshtein(x, y);
  return 1 + Math.min(levenshtein(x, b), levenshtein(a, y), levenshtein(x, y));
}
