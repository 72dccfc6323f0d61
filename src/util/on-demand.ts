import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Returns a function that loads a package at its first call, which few configurations need. Pure code calls it. */
export function onDemand<T extends object>(load: (require: NodeJS.Require) => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load(require));
}
