import type { Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { omit } from '../../util/keys.ts';
import { snakeCase } from '../keys/spellings.ts';

/** Keys of entries in other schedulers that have no effect here. */
const IGNORED = new Map([
  ['name', 'the key of an entry is its name'],
  ['total_run_count', 'the ledger stores it'],
  ['date_changed', 'beat detects by itself that an entry has changed'],
]);

/** Removes keys of other schedulers that have no effect here, so that their entries run under beat. */
export function withoutForeignKeys(entry: unknown, warn: Report): unknown {
  if (!isMap(entry)) return entry;
  const foreign: string[] = [];
  for (const key in entry) {
    const name = snakeCase(key);
    const why = IGNORED.get(name);
    if (why !== undefined || isNeutral(name, entry[key])) foreign.push(key);
    if (why !== undefined && entry[key] !== null) warn([key], `ignored: ${why}`);
  }
  return omit(entry, foreign);
}

function isNeutral(name: string, value: unknown): boolean {
  if (name === 'one_off') return value === false;
  return (name === 'start_time' || name === 'expire_seconds') && value === null;
}

const FORMS = [
  ['chain', 'task: {chain: […]}'],
  ['group', 'task: {group: […]}'],
  ['chord', 'task: {chord: {header: […], body: …}}'],
] as const;

const KINDS = FORMS.map(([kind]) => kind);

/** Reports a canvas that belongs under `task`. A placeholder replaces the task, so that it is not reported as missing. */
export function withoutStrayCanvas(entry: unknown, report: Report): unknown {
  if (!isMap(entry)) return entry;
  const stray = FORMS.filter(([kind]) => Object.hasOwn(entry, kind));
  if (stray.length === 0) return entry;
  for (const [kind, form] of stray) report([kind], `write ${form}`);
  return { task: 'placeholder', ...omit(entry, KINDS) };
}

/** Converts stamps as Celery's `sig.stamp()` writes them (`stampedHeaders`, with the values beside it) to `stamps`. */
export function withStamps(entry: unknown, report: Report): unknown {
  if (!isMap(entry) || !isMap(entry.options)) return entry;
  const { stampedHeaders: names, ...options } = entry.options;
  if (!Array.isArray(names)) return entry;
  const moved: string[] = [];
  const stamps: Record<string, unknown> = isMap(options.stamps) ? { ...options.stamps } : {};
  names.forEach((name: unknown, i) => {
    const path = ['options', 'stampedHeaders', i];
    if (typeof name !== 'string') {
      report(path, 'expected the name of a stamp');
    } else if (Object.hasOwn(options, name)) {
      stamps[name] = options[name];
      moved.push(name);
    } else if (!Object.hasOwn(stamps, name)) {
      report(path, `there is no stamp "${name}"; its value stands beside this list, or in stamps`);
    }
  });
  return { ...entry, options: { ...omit(options, moved), stamps } };
}
