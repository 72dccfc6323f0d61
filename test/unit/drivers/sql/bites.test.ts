import { expect, test } from 'vitest';
import { inBites } from '../../../../src/drivers/sql/bites.ts';

const sizes = (...all: number[]) => [...inBites(all, (size) => size)];

test('a statement of an SQL store carries at most a thousand rows, in their order', () => {
  const items = Array.from({ length: 2_001 }, (_, i) => i);
  const bites = [...inBites(items, () => 1)];
  expect(bites.map(({ length }) => length)).toEqual([1_000, 1_000, 1]);
  expect(bites.flat()).toEqual(items);
});

test('a statement of an SQL store carries at most a million bytes, unless one row alone is larger', () => {
  expect(sizes(600_000, 400_000, 1)).toEqual([[600_000, 400_000], [1]]);
  expect(sizes(600_000, 400_001)).toEqual([[600_000], [400_001]]);
  expect(sizes(1, 3_000_000, 1)).toEqual([[1], [3_000_000], [1]]);
  // Bytes are counted anew for each statement.
  expect(sizes(900_000, 900_000, 100_000)).toEqual([[900_000], [900_000, 100_000]]);
});

test('an SQL store runs no statement for an empty list', () => {
  expect(sizes()).toEqual([]);
});
