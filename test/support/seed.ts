/** The environment variable with the seed of every random choice in tests, with which a failure is repeated. */
export const SEED = 'TEST_SEED';

/** fast-check reads seeds as signed 32-bit integers. */
const LIMIT = 2 ** 31;

/** Returns the seed of the environment, or `undefined`, which means a new one for each run. */
export function fixedSeed(env: Readonly<Record<string, string | undefined>> = process.env): number | undefined {
  const text = env[SEED];
  if (text === undefined || text === '') return undefined;
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= -LIMIT && seed < LIMIT) return seed;
  throw new Error(`${SEED}: expected a whole number from ${-LIMIT} to ${LIMIT - 1}, got "${text}"`);
}
