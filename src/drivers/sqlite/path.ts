import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';

const FORMS =
  'sqla+sqlite:///relative.sqlite (three slashes) or sqla+sqlite:////absolute/path.sqlite (four)';

/** Scheme, host (which must be empty), path and query. */
const FORM = /^sqla(?:lchemy)?\+sqlite(?:\+pysqlite)?:\/\/([^/?]*)\/?([^?]*)\??(.*)$/is;

/**
 * What the SQLite driver of Celery's workers reads from the query part. It shapes their connection, not
 * the file, so one URL may serve both sides; anything else (`mode`, `vfs`, `uri`) could name another file.
 */
const WORKER_ARGUMENTS = new Set([
  'timeout',
  'isolation_level',
  'detect_types',
  'check_same_thread',
  'cached_statements',
]);

/**
 * The file that a URL of SQLAlchemy's form names, as the worker reads it: relative paths count from
 * the working directory. Throws a `ConfigError` for what beat and its workers could not share.
 */
export function sqlitePath(brokerUrl: string): string {
  const parts = FORM.exec(brokerUrl);
  if (!parts) throw refused(`"${brokerUrl}" names no file; write ${FORMS}`);
  const [, host, path, query] = parts as unknown as readonly [string, string, string, string];
  if (host !== '')
    throw refused(`"${host}" stands where a host would, and SQLite has none; write ${FORMS}`);
  if (path === '' || path === ':memory:') {
    throw refused(`a database in memory is seen by no worker; name a file: ${FORMS}`);
  }
  const escape = /%[0-9a-f]{2}/i.exec(path)?.[0];
  if (escape !== undefined) {
    throw refused(
      `"${escape}" in the path: workers with SQLAlchemy 1 take it as it stands, those with 2 decode it, ` +
        'and would look for different files; write the character itself, or choose another name',
    );
  }
  const unknown = [...new URLSearchParams(query).keys()].find(
    (name) => !WORKER_ARGUMENTS.has(name),
  );
  if (unknown !== undefined) {
    throw refused(
      `"${unknown}" after the "?" is not supported; allowed: ${[...WORKER_ARGUMENTS].join(', ')}`,
    );
  }
  return path;
}

function refused(message: string): ConfigError {
  return new ConfigError([errorAt(['brokerUrl'], message)]);
}
