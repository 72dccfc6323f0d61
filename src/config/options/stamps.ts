import type { Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';

/**
 * Converts the stamps that Celery's `sig.stamp()` writes, names in `stampedHeaders` and values beside it, to `stamps`.
 * Any other value is returned unchanged.
 */
export function withStamps(entry: unknown, report: Report): unknown {
  if (!isMap(entry) || !isMap(entry.options)) return entry;
  const { stampedHeaders: names, ...options } = entry.options;
  if (!Array.isArray(names)) return entry;
  const moved = new Set<string>();
  const stamps: Record<string, unknown> = isMap(options.stamps) ? { ...options.stamps } : {};
  names.forEach((name: unknown, i) => {
    const path = ['options', 'stampedHeaders', i];
    if (typeof name !== 'string') {
      report(path, 'expected the name of a stamp');
    } else if (Object.hasOwn(options, name)) {
      stamps[name] = options[name];
      moved.add(name);
    } else if (!Object.hasOwn(stamps, name)) {
      report(path, `there is no stamp "${name}"; its value stands beside this list, or in stamps`);
    }
  });
  const left = Object.entries(options).filter(([name]) => !moved.has(name));
  return { ...entry, options: { ...Object.fromEntries(left), stamps } };
}
