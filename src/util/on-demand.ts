import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * A package that is loaded when it is first used, because few configurations need it and loading takes
 * time and memory. Synchronous, since the pure code that uses such packages is.
 */
export function onDemand<T extends object>(load: (require: NodeJS.Require) => T): () => T {
  let loaded: T | undefined;
  return () => (loaded ??= load(require));
}
