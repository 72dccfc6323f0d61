import { urlError } from '../../connection/url.ts';

const FORMS = 'sqla+sqlite:///relative.sqlite (three slashes) or sqla+sqlite:////absolute/path.sqlite (four)';

/** Groups: host (which must be empty), path and query. */
const FORM = /^\w+\+\w+(?:\+pysqlite)?:\/\/([^/?]*)\/?([^?]*)\??(.*)$/is;

/**
 * The query parameters that the SQLite driver of Celery's workers reads. They configure the connection, not the
 * file, so beat and workers may share the URL. Other parameters (`mode`, `vfs`, `uri`) could select another file.
 */
const WORKER_ARGUMENTS = new Set([
  'timeout',
  'isolation_level',
  'detect_types',
  'check_same_thread',
  'cached_statements',
]);

/** The path in SQLAlchemy's URL, as workers read it. Throws a `ConfigError` if they would read it differently. */
export function sqlitePath(url: string): string {
  const parts = FORM.exec(url);
  if (!parts) throw urlError(`"${url}" has no path; write ${FORMS}`);
  const [, host, path, query] = parts as unknown as readonly [string, string, string, string];
  if (host !== '') throw urlError(`"${host}" is in the place of a host, which SQLite does not have; write ${FORMS}`);
  if (path === '' || path === ':memory:') {
    throw urlError(`workers cannot read a database in memory; set a path: ${FORMS}`);
  }
  const escape = /%[0-9a-f]{2}/i.exec(path)?.[0];
  if (escape !== undefined) {
    throw urlError(
      `"${escape}" in the path: SQLAlchemy 1 does not decode it, SQLAlchemy 2 does, so workers would use ` +
        'different files; write the character itself, or choose another name',
    );
  }
  const unknown = [...new URLSearchParams(query).keys()].find((name) => !WORKER_ARGUMENTS.has(name));
  if (unknown !== undefined) {
    throw urlError(`"${unknown}" after the "?" is not supported; allowed: ${[...WORKER_ARGUMENTS].join(', ')}`);
  }
  return path;
}
