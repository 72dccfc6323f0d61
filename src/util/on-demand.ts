import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Returns a function that loads a package at its first call. Few configurations need these packages, and
 * loading takes time and memory. Synchronous, because the pure code that calls it is.
 */
export function onDemand<T extends object>(load: (require: NodeJS.Require) => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load(require));
}
