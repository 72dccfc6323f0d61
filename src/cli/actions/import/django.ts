import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { importDjango } from '../../../import/django/convert.ts';
import { checkTables, TABLES } from '../../../import/django/tables.ts';
import { checkZone } from '../../../schedule/zone/zone-names.ts';
import { systemClock } from '../../../util/system-clock.ts';
import { ConfigError } from '../../../util/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { importProject } from './celery.ts';
import { runImport } from './run-import.ts';
import { isApp, withoutApp, type SourceFlags, parseSource, withUrlErrors } from './source.ts';

const NOT_COMPARED =
  'messages with those of Celery, and the instants of Django itself: --compare shows them as beat reads the tables';

/** `beat import django`: writes the periodic tasks of django-celery-beat as a schedule file. */
export function importFromDjango(flags: SourceFlags & { readonly timezone?: string }, url?: string): Promise<ExitCode> {
  if (isApp('django', url, flags, { timezone: '--timezone' })) {
    return importProject(flags, 'DJANGO', 'django_celery_beat.schedulers.DatabaseScheduler');
  }
  const timezone = checkZone(flags.timezone ?? 'UTC');
  const lastRuns = flags.lastRuns === true;
  return runImport('DJANGO', flags, async () => {
    const server = parseSource(toDatabaseUrl(url!), 'loadTables');
    const tables = await withUrlErrors(async () => {
      const read = await server.driver!.loadTables!();
      return checkTables(await read(server, TABLES));
    });
    if (tables.periodictask.size === 0) {
      throw new ConfigError(`${server.masked}: django-celery-beat has no periodic tasks`);
    }
    const found = importDjango(tables, { timezone, lastRuns, now: systemClock.now() });
    const source = `django-celery-beat in ${server.masked}`;
    return { found: withoutApp(found, 'tables', 'django'), source, notCompared: NOT_COMPARED };
  });
}

/** Database names in the URLs of Django projects, with SQLAlchemy's name for each. */
const PRODUCTS: Readonly<Record<string, string>> = { postgres: 'postgresql', sqlite3: 'sqlite' };

/** The URL in SQLAlchemy's form. Django projects write `postgres://…`, or the path of an SQLite file. */
function toDatabaseUrl(given: string): string {
  if (existsSync(given)) return `sqla+sqlite:///${resolve(given)}`;
  return given.replace(
    /^(postgres|postgresql|mysql|mariadb|sqlite|sqlite3)(?=[+:])/i,
    (product: string) => `sqla+${PRODUCTS[product.toLowerCase()] ?? product.toLowerCase()}`,
  );
}
