import type { TextRow } from '../../contracts/store/import-source.ts';
import { ConfigError } from '../../util/errors.ts';

const PREFIX = 'django_celery_beat_';

/** The columns of each table in all versions of django-celery-beat 2.x. */
const COLUMNS = {
  // prettier-ignore
  periodictask: [
    'id', 'name', 'task', 'args', 'kwargs', 'queue', 'exchange', 'routing_key', 'headers',
    'priority', 'expires', 'expire_seconds', 'one_off', 'start_time', 'enabled',
    'last_run_at', 'total_run_count', 'date_changed', 'description',
    'interval_id', 'crontab_id', 'solar_id', 'clocked_id',
  ],
  intervalschedule: ['id', 'every', 'period'],
  crontabschedule: ['id', 'minute', 'hour', 'day_of_week', 'day_of_month', 'month_of_year', 'timezone'],
  solarschedule: ['id', 'event', 'latitude', 'longitude'],
  clockedschedule: ['id', 'clocked_time'],
} as const;

/** The columns that only some of these versions have. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = { clockedschedule: ['enabled'] };

type Table = keyof typeof COLUMNS;

export type Row<T extends Table> = Readonly<Record<(typeof COLUMNS)[T][number], string | null>>;

/** The tables of django-celery-beat: their rows by `id`. */
export type DjangoTables = { readonly [T in Table]: ReadonlyMap<string, Row<T>> };

export const TABLES: readonly string[] = Object.keys(COLUMNS).map((name) => PREFIX + name);

/** Checks the tables of a database. Throws a `ConfigError` if django-celery-beat 2.x did not create them. */
export function checkTables(found: ReadonlyMap<string, readonly TextRow[]>): DjangoTables {
  const missing = TABLES.filter((name) => !found.has(name));
  if (missing.length === TABLES.length) {
    throw new ConfigError('the database has no tables of django-celery-beat: is it another one?');
  }
  if (missing.length > 0) throw otherVersion(`the tables ${missing.join(', ')} are missing`);
  const tables = Object.entries(COLUMNS).map(([table, columns]) => {
    const rows = found.get(PREFIX + table)!;
    checkColumns(table, columns, Object.keys(rows[0] ?? {}));
    return [table, new Map(rows.map((row) => [row['id'], row]))];
  });
  return Object.fromEntries(tables) as DjangoTables;
}

/** `found` is empty for a table without rows. */
function checkColumns(table: string, required: readonly string[], found: readonly string[]): void {
  if (found.length === 0) return;
  const missing = required.filter((column) => !found.includes(column));
  const unknown = found.filter((column) => ![...required, ...(OPTIONAL[table] ?? [])].includes(column));
  const list = (names: readonly string[]) => `${PREFIX}${table}: ${names.join(', ')}`;
  if (missing.length > 0) throw otherVersion(`missing columns in ${list(missing)}`);
  if (unknown.length > 0) throw otherVersion(`unknown columns in ${list(unknown)}`);
}

function otherVersion(difference: string): ConfigError {
  return new ConfigError(
    `the tables are not those of django-celery-beat 2.x: ${difference}; run its migrations, or use a beat that knows this version`,
  );
}
