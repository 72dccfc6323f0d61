import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixedSeed, SEED } from '../support/seed.ts';
import { runVitest } from '../support/vitest-run.ts';

const SETUP = join(import.meta.dirname, '..', 'support', 'seed-setup.ts');
const CONFIG = `export default { test: { setupFiles: [${JSON.stringify(SETUP)}] } };`;

/** Fails, and prints the value that it failed with: with equal seeds the same. */
const PROPERTY = `
  import fc from 'fast-check';
  import { expect, test } from 'vitest';
  test('fails', () => {
    fc.assert(fc.property(fc.integer(), (n) => { console.log('VALUE ' + n); expect(n).toBeNaN(); }), { endOnFailure: true });
  });`;

describe('the seed of random choices in tests', () => {
  test('a seed that is set gives a property the same values in every run, and a failure names it', async () => {
    const values: string[] = [];
    for (let i = 0; i < 2; i++) {
      const files = { 'vitest.config.mjs': CONFIG, 'a.test.js': PROPERTY };
      const { code, lines } = await runVitest(files, { env: { [SEED]: '-1234567' } });
      expect(code).toBe(1);
      expect(lines.join('\n')).toContain('seed: -1234567');
      values.push(...lines.filter((line) => line.startsWith('VALUE')));
    }
    expect(values).toHaveLength(2);
    expect(values[0]).toBe(values[1]);
  });

  test('without one, every run chooses its own seed', () => {
    expect(fixedSeed({})).toBeUndefined();
    expect(fixedSeed({ [SEED]: '' })).toBeUndefined();
  });

  test.each([
    ['0', 0],
    ['42', 42],
    ['-2147483648', -(2 ** 31)],
  ])('the seed %s is taken as the number', (text, seed) => {
    expect(fixedSeed({ [SEED]: text })).toBe(seed);
  });

  test.each(['x', '1.5', '2147483648', '1e99', 'Infinity'])(
    'a seed that fast-check would change is rejected: %s',
    (text) => {
      expect(() => fixedSeed({ [SEED]: text })).toThrow(
        `TEST_SEED: expected a whole number from -2147483648 to 2147483647, got "${text}"`,
      );
    },
  );
});
