// Before each test file: property tests take the seed that the environment fixes. Without one,
// fast-check chooses a seed for each property, and prints it when the property fails.
import { fixedSeed } from './seed.ts';

const seed = fixedSeed();
// Most test files have no properties, and loading fast-check takes time.
if (seed !== undefined) (await import('fast-check')).configureGlobal({ seed });
