import type { Report } from '../validate.ts';
import { isMap } from '../keys/normalize-keys.ts';

const WAYS = {
  chain: 'task: {chain: […]}',
  group: 'task: {group: […]}',
  chord: 'task: {chord: {header: […], body: …}}',
} as const;

/**
 * An entry in which a canvas stands that belongs under `task`: told with the way to write it, and left out, so
 * that nothing else is said of it. Any other value is returned as it is.
 */
export function withoutStrayCanvas(entry: unknown, report: Report): unknown {
  if (!isMap(entry)) return entry;
  const stray = Object.keys(WAYS).filter((kind) => Object.hasOwn(entry, kind));
  if (stray.length === 0) return entry;
  for (const kind of stray) report([kind], `write ${WAYS[kind as keyof typeof WAYS]}`);
  const rest = Object.entries(entry).filter(([key]) => !stray.includes(key));
  return { task: 'told of', ...Object.fromEntries(rest) };
}
