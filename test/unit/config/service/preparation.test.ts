import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';

test.each([
  [{}, 64_000_000],
  [{ prepare_ahead: {} }, 64_000_000],
  [{ prepareAhead: { megabytes: 256 } }, 256_000_000],
  [{ prepare_ahead: false }, 0],
])('%j prepares runs within so much memory', (config, memory) => {
  expect(resolveSettings(config as BeatConfig).preparationMemory).toBe(memory);
});

test.each([
  [
    { megabytes: 0 },
    'prepareAhead.megabytes: expected a whole number from 1 on; to prepare nothing, write prepareAhead: false',
  ],
  [true, 'prepareAhead: expected false, or a map such as {megabytes: 64}, got true'],
])('%j is rejected', (prepareAhead, message) => {
  expect(() => resolveSettings({ prepareAhead } as BeatConfig)).toThrow(message);
});
