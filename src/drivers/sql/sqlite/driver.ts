import { accessSync, constants, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { ServerUrl } from '../../../contracts/broker/server-url.ts';
import type { Clock } from '../../../util/clock.ts';
import { describeError } from '../../../util/errors.ts';
import type { DatabaseUse, SqlDialect } from '../dialect.ts';
import { createSqlDriver } from '../driver.ts';
import { raw } from '../sql.ts';
import { classifyError, OpenFile } from './connection.ts';
import { inspectFile } from './inspect-file.ts';
import { sqlitePath } from './path.ts';
import { RESULTS } from './schema.ts';
import { SCHEMA, STATEMENTS } from './syntax.ts';

const { R_OK, W_OK, X_OK } = constants;

/**
 * The file of a `sqla+sqlite:///` URL, which workers share. All processes that use it must run on one host. The first use
 * opens or creates it. Throws a `ConfigError` for an invalid URL and for a store that can never be used.
 */
export function sqliteDialect(
  { url }: ServerUrl,
  _timeout: number,
  clock: Clock,
  use: DatabaseUse = 'store',
): SqlDialect {
  const path = resolve(sqlitePath(url));
  if (use === 'store') inspectFile(path);
  const isReadOnly = use === 'reading';
  return {
    name: 'SQLite',
    location: path,
    user: null,
    mask: (text) => text,
    sql: STATEMENTS,
    schema: SCHEMA,
    workerIndexes: [],
    file: {
      exists: () => existsSync(path),
      describe: (error, waited) => describeFileError(path, error, waited, isReadOnly),
    },
    connect: async () => new OpenFile(path, clock, isReadOnly),
    classifyError,
    listen: null,
  };
}

function describeFileError(path: string, error: unknown, waited: number, isReadOnly: boolean): string {
  const reason = describeError(error);
  if (classifyError(error) === 'retryable') return `${reason}, for ${Math.round(waited)} ms by other processes`;
  if (!existsSync(dirname(path))) return 'the directory does not exist';
  if (isReadOnly) return existsSync(path) ? reason : 'the file does not exist';
  return findMissingRight(path) ?? reason;
}

/** The missing right to a file or its folder, in which SQLite creates `-wal` and `-shm`; `null` if none is missing. */
function findMissingRight(path: string): string | null {
  const folder = dirname(path);
  if (!hasAccess(folder, W_OK | X_OK)) {
    return `user ${describeUser()} may not create files in ${folder}, as SQLite does beside the database`;
  }
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file) && !hasAccess(file, R_OK | W_OK)) {
      return `user ${describeUser()} may not read and write ${file}`;
    }
  }
  return null;
}

function hasAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function describeUser(): string {
  try {
    return JSON.stringify(userInfo().username);
  } catch {
    // A container may run under a user id without a name.
    return 'of this process';
  }
}

export const driver = createSqlDriver({
  createDialect: sqliteDialect,
  normalize: ({ url }) => resolve(sqlitePath(url)),
  resultTables: ['BEGIN IMMEDIATE', ...RESULTS, 'COMMIT'].map(raw),
});
