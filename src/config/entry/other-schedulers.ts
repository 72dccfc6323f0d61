import type { Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { snakeCase } from '../keys/spellings.ts';

/** Keys of entries in other schedulers that have no effect here. */
const IGNORED: Readonly<Record<string, string>> = {
  name: 'the key of an entry is its name',
  total_run_count: 'the ledger stores it',
  date_changed: 'beat detects by itself that an entry has changed',
};

/** Removes keys of other schedulers that have no effect here, so that their entries run under beat. */
export function withoutForeignKeys(entry: unknown, warn: Report): unknown {
  if (!isMap(entry)) return entry;
  const isForeign = (key: string) => Object.hasOwn(IGNORED, snakeCase(key)) || isNeutral(key, entry);
  const foreign = Object.keys(entry).filter(isForeign);
  if (foreign.length === 0) return entry;
  for (const key of foreign) {
    const why = IGNORED[snakeCase(key)];
    if (why !== undefined && entry[key] !== null) warn([key], `ignored: ${why}`);
  }
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !foreign.includes(key)));
}

/** Whether an exported key has a value without effect. */
function isNeutral(key: string, entry: Record<string, unknown>): boolean {
  const name = snakeCase(key);
  if (name === 'one_off') return entry[key] === false;
  return (name === 'start_time' || name === 'expire_seconds') && entry[key] === null;
}

const FORMS = {
  chain: 'task: {chain: […]}',
  group: 'task: {group: […]}',
  chord: 'task: {chord: {header: […], body: …}}',
} as const;

/** Reports a canvas that belongs under `task`. A placeholder replaces the task, so that it is not reported as missing. */
export function withoutStrayCanvas(entry: unknown, report: Report): unknown {
  if (!isMap(entry)) return entry;
  const stray = Object.keys(FORMS).filter((kind) => Object.hasOwn(entry, kind));
  if (stray.length === 0) return entry;
  for (const kind of stray) report([kind], `write ${FORMS[kind as keyof typeof FORMS]}`);
  const rest = Object.entries(entry).filter(([key]) => !stray.includes(key));
  return { task: 'placeholder', ...Object.fromEntries(rest) };
}

/** Converts stamps as Celery's `sig.stamp()` writes them (`stampedHeaders`, with the values beside it) to `stamps`. */
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
