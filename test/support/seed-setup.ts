// Runs before each test file and sets the seed of property tests to the one of the environment. Without one,
// fast-check chooses a seed for each property and prints it when the property fails.
import { fixedSeed } from './seed.ts';

const seed = fixedSeed();
// Most test files have no properties, and loading fast-check takes time.
if (seed !== undefined) (await import('fast-check')).configureGlobal({ seed });
