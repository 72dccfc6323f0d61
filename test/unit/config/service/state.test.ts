import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';

const DAY = 86_400_000;
const read = (config: BeatConfig) => resolveSettings(config).history;

test('the history retains 100 rows of each entry for 30 days unless configured', () => {
  const defaults = { limit: 100, maxAge: 30 * DAY };
  expect(read({})).toEqual(defaults);
  expect(read({ history: {} })).toEqual(defaults);
  expect(read({ history: { limit: 5_000 } })).toEqual({ ...defaults, limit: 5_000 });
  expect(read({ history: { maxAge: '90d' } })).toEqual({ ...defaults, maxAge: 90 * DAY });
});

test('`history: false` disables the history', () => {
  expect(read({ history: false })).toBeNull();
});

test.each([
  [{ history: true }, 'history: expected false, or a map such as {limit: 100, maxAge: 30d}, got true'],
  [{ history: { limit: 0 } }, 'history.limit: expected a whole number from 1 to 1000000, got 0'],
  [{ history: { maxAge: '10s' } }, 'history.maxAge: expected from 1m to 36500d'],
  [{ history: { max: 1 } }, 'history.max: unknown'],
])('an invalid history %j is reported with what is allowed', (config, message) => {
  expect(() => read(config as BeatConfig)).toThrow(message);
});
