import type { Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';
import { snakeCase } from '../keys/spellings.ts';

/** Keys of entries in other schedulers that have no effect here. */
const IGNORED: Readonly<Record<string, string>> = {
  name: 'the key of an entry is its name',
  total_run_count: 'the ledger stores it',
  date_changed: 'beat detects by itself that an entry has changed',
};

/**
 * An entry without keys of Celery's ScheduleEntry and of django-celery-beat that have no effect here, each with a
 * warning, so that a schedule that runs there runs here. Any other value is returned unchanged.
 */
export function withoutForeignKeys(entry: unknown, warn: Report): unknown {
  if (!isMap(entry)) return entry;
  const isForeign = (key: string) =>
    Object.hasOwn(IGNORED, snakeCase(key)) || isNeutral(key, entry);
  const foreign = Object.keys(entry).filter(isForeign);
  if (foreign.length === 0) return entry;
  for (const key of foreign) {
    const why = IGNORED[snakeCase(key)];
    if (why !== undefined && entry[key] !== null) warn([key], `ignored: ${why}`);
  }
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !foreign.includes(key)));
}

/** Whether an exported key has the value that changes nothing. */
function isNeutral(key: string, entry: Record<string, unknown>): boolean {
  const name = snakeCase(key);
  if (name === 'one_off') return entry[key] === false;
  return (name === 'start_time' || name === 'expire_seconds') && entry[key] === null;
}
