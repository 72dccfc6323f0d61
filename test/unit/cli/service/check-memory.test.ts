import { expect, test } from 'vitest';
import { checkMemory, checkPreparation, checkReading, heapLimit } from '../../../../src/cli/service/check-memory.ts';

test('entries that do not fit into the memory are an error that names both sizes', () => {
  expect(() => checkMemory(100_000, 128)).toThrow(
    '100,000 entries need about 160 MB of heap to run, and this process may use 128 MB; raise the memory of the container',
  );
});

test('entries that fit into the memory once, and not twice, are a warning about reloads', () => {
  expect(checkMemory(100_000, 200)).toContain(
    '100,000 entries need about 250 MB of heap to reload, and this process may use 200 MB',
  );
});

test('files that may not fit into the memory while they are read are a warning that names both sizes', () => {
  expect(checkReading(4_300_000, 107_500_000, 64)).toBe(
    'reading 4.3 MB of configuration may need 138 MB of heap, and this process may use 64 MB; ' +
      'raise the memory of the container, or --max-old-space-size in NODE_OPTIONS, or use stored entries',
  );
  expect(checkReading(4_300_000, 107_500_000, 256)).toBeNull();
});

test('entries that fit into the memory twice have no warning', () => {
  expect(checkMemory(100_000, 256)).toBeNull();
  expect(checkMemory(40_000, 128)).toBeNull();
  expect(checkMemory(0, heapLimit())).toBeNull();
});

test('more memory for prepared messages than the process may use is rejected, with both sizes', () => {
  expect(() => checkPreparation(4_000_000_000, 256)).toThrow(
    'prepareAhead.megabytes: 4,000 MB, and this process may use 256 MB of heap; write a smaller number',
  );
  expect(() => checkPreparation(64_000_000, 256)).not.toThrow();
});
