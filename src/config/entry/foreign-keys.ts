import type { Report } from '../validate.ts';
import { isMap } from '../keys/normalize-keys.ts';
import { snakeCase } from '../keys/spellings.ts';

const LEDGER = 'the ledger knows it';

/** Keys that the entries of other schedulers may have, and that change nothing there or that beat knows by itself. */
const IGNORED: Readonly<Record<string, string>> = {
  name: 'the key of an entry is its name',
  last_run_at: LEDGER,
  total_run_count: LEDGER,
  date_changed: 'beat sees by itself that an entry has changed',
};

/**
 * An entry without keys of Celery's ScheduleEntry and of django-celery-beat that need not be known here, each with
 * a warning; so that a schedule that runs there runs here. Any other value is returned as it is.
 */
export function withoutForeignKeys(entry: unknown, warn: Report): unknown {
  if (!isMap(entry)) return entry;
  const isForeign = (key: string) =>
    Object.hasOwn(IGNORED, snakeCase(key)) || isNotOneOff(key, entry);
  const foreign = Object.keys(entry).filter(isForeign);
  if (foreign.length === 0) return entry;
  for (const key of foreign) {
    const why = IGNORED[snakeCase(key)];
    if (why !== undefined && entry[key] !== null) warn([key], `ignored: ${why}`);
  }
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !foreign.includes(key)));
}

/** As an exported entry says that it is due again and again. */
function isNotOneOff(key: string, entry: Record<string, unknown>): boolean {
  const name = snakeCase(key);
  if (name === 'one_off') return entry[key] === false;
  return (name === 'start_time' || name === 'expire_seconds') && entry[key] === null;
}
