import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How to install each server that the tests run. */
const PACKAGES = {
  'redis-server': 'apt-get install redis-server, or brew install redis',
  'rabbitmq-server': 'apt-get install rabbitmq-server, or brew install rabbitmq',
  postgres: 'apt-get install postgresql, or brew install postgresql',
  mariadbd: 'apt-get install mariadb-server, or brew install mariadb',
} as const;

export type Service = keyof typeof PACKAGES;

/** The executable's path, or how to install it. */
export type Found = { readonly path: string } | { readonly path: null; readonly missing: string };

/** Debian's commands for RabbitMQ switch to the service's user; these are the programs that they run. */
const RABBITMQ = '/usr/lib/rabbitmq/bin';

/** Debian installs PostgreSQL's programs in a folder for each version. */
const POSTGRESQL = '/usr/lib/postgresql';

/** Lists Debian's folders outside of PATH. */
function listFurtherFolders(): string[] {
  const versions = existsSync(POSTGRESQL) ? readdirSync(POSTGRESQL) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a));
  return [RABBITMQ, ...newest.map((version) => join(POSTGRESQL, version, 'bin')), '/usr/sbin'];
}

/** Looks for the service in Debian's folders and on PATH. */
export function findService(name: Service): Found {
  for (const folder of [...listFurtherFolders(), ...(process.env['PATH'] ?? '').split(delimiter)]) {
    const path = join(folder, name);
    if (isExecutable(path)) return { path };
  }
  return { path: null, missing: `${name} is not installed (${PACKAGES[name]})` };
}

/**
 * Returns the reason to skip a suite that needs the service, or `false`, for `describe.skipIf`. In CI a
 * missing service is an error.
 */
export function requireService(name: Service): string | false {
  const found = findService(name);
  if (found.path !== null) return false;
  if (process.env['CI']) throw new Error(found.missing);
  return found.missing;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
