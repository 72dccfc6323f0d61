import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What to install for each executable that tests run beside beat. */
const PACKAGES = {
  'redis-server': 'apt-get install redis-server, or brew install redis',
  'rabbitmq-server': 'apt-get install rabbitmq-server, or brew install rabbitmq',
  postgres: 'apt-get install postgresql, or brew install postgresql',
  mariadbd: 'apt-get install mariadb-server, or brew install mariadb',
} as const;

export type Service = keyof typeof PACKAGES;

/** The executable's path, or what to install. */
export type Found = { readonly path: string } | { readonly path: null; readonly missing: string };

/** Debian's commands for RabbitMQ change to the user that its service runs as; these are what they run. */
const RABBITMQ = '/usr/lib/rabbitmq/bin';

/** Debian keeps the programs of each PostgreSQL in a folder that bears its version. */
const POSTGRESQL = '/usr/lib/postgresql';

/** Where a user's PATH does not lead. */
function beyondPath(): string[] {
  const versions = existsSync(POSTGRESQL) ? readdirSync(POSTGRESQL) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a));
  return [RABBITMQ, ...newest.map((version) => join(POSTGRESQL, version, 'bin')), '/usr/sbin'];
}

/** Looks for the service on PATH, and where Debian hides it. */
export function findService(name: Service): Found {
  for (const folder of [...beyondPath(), ...(process.env['PATH'] ?? '').split(delimiter)]) {
    const path = join(folder, name);
    if (executable(path)) return { path };
  }
  return { path: null, missing: `${name} is not installed (${PACKAGES[name]})` };
}

/**
 * The reason to skip a suite that needs the service, or `false` when it is there. In CI nothing is
 * skipped: there a missing service is an error. For `describe.skipIf`.
 */
export function requireService(name: Service): string | false {
  const found = findService(name);
  if (found.path !== null) return false;
  if (process.env['CI']) throw new Error(found.missing);
  return found.missing;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
