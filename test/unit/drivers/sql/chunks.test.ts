import { expect, test } from 'vitest';
import { inChunks } from '../../../../src/drivers/sql/chunks.ts';

const sizes = (...all: number[]) => [...inChunks(all, (size) => size)];

test('sql chunks: a statement contains at most 1,000 rows, in their order', () => {
  const items = Array.from({ length: 2_001 }, (_, i) => i);
  const bites = [...inChunks(items, () => 1)];
  expect(bites.map(({ length }) => length)).toEqual([1_000, 1_000, 1]);
  expect(bites.flat()).toEqual(items);
});

test('sql chunks: a statement contains at most a million characters, or one larger row', () => {
  expect(sizes(600_000, 400_000, 1)).toEqual([[600_000, 400_000], [1]]);
  expect(sizes(600_000, 400_001)).toEqual([[600_000], [400_001]]);
  expect(sizes(1, 3_000_000, 1)).toEqual([[1], [3_000_000], [1]]);
  // Each statement has a separate count of bytes.
  expect(sizes(900_000, 900_000, 100_000)).toEqual([[900_000], [900_000, 100_000]]);
});

test('sql chunks: an empty list has no chunks', () => {
  expect(sizes()).toEqual([]);
});
