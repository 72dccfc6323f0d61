import type { Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';

const FORMS = {
  chain: 'task: {chain: […]}',
  group: 'task: {group: […]}',
  chord: 'task: {chord: {header: […], body: …}}',
} as const;

/**
 * An entry without a canvas that belongs under `task`; the error says how to write it. A placeholder replaces the
 * task, so that no second error reports it as missing. Any other value is returned unchanged.
 */
export function withoutStrayCanvas(entry: unknown, report: Report): unknown {
  if (!isMap(entry)) return entry;
  const stray = Object.keys(FORMS).filter((kind) => Object.hasOwn(entry, kind));
  if (stray.length === 0) return entry;
  for (const kind of stray) report([kind], `write ${FORMS[kind as keyof typeof FORMS]}`);
  const rest = Object.entries(entry).filter(([key]) => !stray.includes(key));
  return { task: 'placeholder', ...Object.fromEntries(rest) };
}
