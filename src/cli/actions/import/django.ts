import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { importDjango } from '../../../import/django/convert.ts';
import { checkTables, TABLES } from '../../../import/django/tables.ts';
import { checkZone } from '../../../schedule/zone/zone-names.ts';
import { systemClock } from '../../../util/clock.ts';
import { ConfigError } from '../../../util/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { runImport, type ImportFlags } from './run-import.ts';
import { parseSource, withUrlErrors } from './source-url.ts';

export interface DjangoFlags extends ImportFlags {
  readonly lastRuns?: boolean;
  readonly timezone: string;
}

/** `beat import django`: writes the periodic tasks of django-celery-beat as a schedule file. */
export function importFromDjango(given: string, flags: DjangoFlags): Promise<ExitCode> {
  const timezone = checkZone(flags.timezone);
  const lastRuns = flags.lastRuns === true;
  return runImport({ heading: 'DJANGO', lastRuns }, flags, async () => {
    const server = parseSource(toDatabaseUrl(given), 'loadTables');
    const tables = await withUrlErrors(async () => {
      const read = await server.driver!.loadTables!();
      return checkTables(await read(server, TABLES));
    });
    if (tables.tasks.length === 0) {
      throw new ConfigError(`${server.masked}: django-celery-beat has no periodic tasks`);
    }
    const found = importDjango(tables, { timezone, lastRuns, now: systemClock.now() });
    return { found, source: `django-celery-beat in ${server.masked}` };
  });
}

/** Names of products in the URLs of Django projects, beside SQLAlchemy's. */
const PRODUCTS: Readonly<Record<string, string>> = { postgres: 'postgresql', sqlite3: 'sqlite' };

/** The URL in SQLAlchemy's form. Django projects write `postgres://…`, or the path of an SQLite file. */
function toDatabaseUrl(given: string): string {
  if (existsSync(given)) return `sqla+sqlite:///${resolve(given)}`;
  return given.replace(
    /^(postgres|postgresql|mysql|mariadb|sqlite|sqlite3)(?=[+:])/i,
    (product: string) => `sqla+${PRODUCTS[product.toLowerCase()] ?? product.toLowerCase()}`,
  );
}
