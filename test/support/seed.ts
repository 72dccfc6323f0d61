import { randomInt } from 'node:crypto';

/** The environment variable that fixes every random choice of the tests, so that a failure can be repeated. */
export const SEED = 'TEST_SEED';

/** fast-check reads 32 bits of a seed, with a sign. */
const LIMIT = 2 ** 31;

/** The seed that the environment fixes, or `undefined`: then every run chooses a new one. */
export function fixedSeed(
  env: Readonly<Record<string, string | undefined>> = process.env,
): number | undefined {
  const text = env[SEED];
  if (text === undefined || text === '') return undefined;
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= -LIMIT && seed < LIMIT) return seed;
  throw new Error(`${SEED}: expected a whole number from ${-LIMIT} to ${LIMIT - 1}, got "${text}"`);
}

/** The fixed seed, or a new one. Tests print it when they fail. */
export function chooseSeed(): number {
  return fixedSeed() ?? randomInt(LIMIT);
}
