import { BACKEND_CLEANUP } from '../config/results/backend-cleanup.ts';
import type { Found } from './found.ts';

/** Puts a text before the names of all entries, except the one that beat knows by its name. */
export function prefixNames(found: Found, prefix: string): Found {
  const entries = found.entries.map((entry) =>
    entry.name === BACKEND_CLEANUP ? entry : { ...entry, name: prefix + entry.name },
  );
  return { ...found, entries };
}
