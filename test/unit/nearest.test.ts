import { describe, expect, it } from 'vitest';

import { didYouMean, nearest } from '../../src/nearest.ts';

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
    expect(nearest(word, fields)).toBe(name);
  });

  it.each(['second', 'x', '', 'timezone'])('does not guess what "%s" meant', (word) => {
    expect(nearest(word, fields)).toBeUndefined();
  });

  it('prefers the name that needs the fewest changes', () => {
    expect(nearest('days', ['hours', 'day', 'weeks'])).toBe('day');
  });

  it('ends a message with the question, or with nothing', () => {
    expect(didYouMean('minuet', fields)).toBe('; did you mean "minute"?');
    expect(didYouMean('zebra', fields)).toBe('');
  });
});
