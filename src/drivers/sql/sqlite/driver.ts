import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ServerUrl } from '../../../contracts/broker/server-url.ts';
import type { Clock } from '../../../util/clock.ts';
import { describeError } from '../../../util/errors.ts';
import type { SqlDialect } from '../dialect.ts';
import { createSqlDriver, type DatabaseUse } from '../driver.ts';
import { raw } from '../sql.ts';
import { classifyError, OpenFile } from './connection.ts';
import { missingRight } from './file-rights.ts';
import { inspectFile } from './inspect-file.ts';
import { sqlitePath } from './path.ts';
import { RESULTS } from './schema.ts';
import { SCHEMA, STATEMENTS } from './syntax.ts';

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

function describeFileError(
  path: string,
  error: unknown,
  waited: number,
  isReadOnly: boolean,
): string {
  const reason = describeError(error);
  if (classifyError(error) === 'retryable') {
    return `${reason}, for ${Math.round(waited)} ms by other processes`;
  }
  if (!existsSync(dirname(path))) return 'the directory does not exist';
  if (isReadOnly) return existsSync(path) ? reason : 'the file does not exist';
  return missingRight(path) ?? reason;
}

/** SQLite. */
export const driver = createSqlDriver({
  createDialect: sqliteDialect,
  normalize: ({ url }) => resolve(sqlitePath(url)),
  resultTables: ['BEGIN IMMEDIATE', ...RESULTS, 'COMMIT'].map(raw),
});
