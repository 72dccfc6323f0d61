import type { TextRow } from '../../contracts/store/import-source.ts';
import { ConfigError } from '../../util/errors.ts';

const PREFIX = 'django_celery_beat_';

/** The columns of each table in django-celery-beat 2.x; those after `optional` are not in all of these versions. */
const COLUMNS = {
  periodictask: {
    // prettier-ignore
    required: [
      'id', 'name', 'task', 'args', 'kwargs', 'queue', 'exchange', 'routing_key', 'headers',
      'priority', 'expires', 'expire_seconds', 'one_off', 'start_time', 'enabled',
      'last_run_at', 'total_run_count', 'date_changed', 'description',
      'interval_id', 'crontab_id', 'solar_id', 'clocked_id',
    ],
    optional: [],
  },
  intervalschedule: { required: ['id', 'every', 'period'], optional: [] },
  crontabschedule: {
    // prettier-ignore
    required: ['id', 'minute', 'hour', 'day_of_week', 'day_of_month', 'month_of_year', 'timezone'],
    optional: [],
  },
  solarschedule: { required: ['id', 'event', 'latitude', 'longitude'], optional: [] },
  clockedschedule: { required: ['id', 'clocked_time'], optional: ['enabled'] },
} as const;

type Table = keyof typeof COLUMNS;

export type Row<T extends Table> = Readonly<Record<(typeof COLUMNS)[T]['required'][number], string | null>>;

/** The tables of django-celery-beat. The tables of schedules are maps by the id of a row. */
export interface DjangoTables {
  readonly tasks: readonly Row<'periodictask'>[];
  readonly intervals: ReadonlyMap<string, Row<'intervalschedule'>>;
  readonly crontabs: ReadonlyMap<string, Row<'crontabschedule'>>;
  readonly solars: ReadonlyMap<string, Row<'solarschedule'>>;
  readonly clocked: ReadonlyMap<string, Row<'clockedschedule'>>;
}

export const TABLES: readonly string[] = Object.keys(COLUMNS).map((name) => PREFIX + name);

/** Checks the tables of a database. Throws a `ConfigError` if django-celery-beat 2.x did not create them. */
export function checkTables(found: ReadonlyMap<string, readonly TextRow[]>): DjangoTables {
  const missing = TABLES.filter((name) => !found.has(name));
  if (missing.length === TABLES.length) {
    throw new ConfigError('the database has no tables of django-celery-beat: is it another one?');
  }
  if (missing.length > 0) throw otherVersion(`the tables ${missing.join(', ')} are missing`);
  const byId = <T extends Table>(table: T) =>
    new Map(checkRows(table, found).map((row) => [(row as { id: string }).id, row]));
  return {
    tasks: checkRows('periodictask', found),
    intervals: byId('intervalschedule'),
    crontabs: byId('crontabschedule'),
    solars: byId('solarschedule'),
    clocked: byId('clockedschedule'),
  };
}

function checkRows<T extends Table>(table: T, found: ReadonlyMap<string, readonly TextRow[]>): readonly Row<T>[] {
  const rows = found.get(PREFIX + table)!;
  const { required, optional }: { required: readonly string[]; optional: readonly string[] } = COLUMNS[table];
  const [first] = rows;
  if (!first) return [];
  const columns = Object.keys(first);
  const missing = required.filter((column) => !columns.includes(column));
  const unknown = columns.filter((column) => ![...required, ...optional].includes(column));
  const list = (names: readonly string[]) => `${PREFIX}${table}: ${names.join(', ')}`;
  if (missing.length > 0) throw otherVersion(`missing columns in ${list(missing)}`);
  if (unknown.length > 0) throw otherVersion(`unknown columns in ${list(unknown)}`);
  return rows;
}

function otherVersion(difference: string): ConfigError {
  return new ConfigError(
    `the tables are not those of django-celery-beat 2.x: ${difference}; run its migrations, or use a beat that knows this version`,
  );
}
