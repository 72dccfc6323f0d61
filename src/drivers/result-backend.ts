import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { parseEndpoint, type Endpoint } from './endpoint.ts';
import { loadClient } from './load-client.ts';
import type { Driver } from './table.ts';

/** Forms of the result backends of runs that beat and its worker support, for messages. */
export const RESULT_BACKENDS =
  'redis://, rediss://, sentinel://, db+postgresql://, db+mysql:// or db+sqlite://';

/** The backend for messages, such as `rpc://`: the value of a variable may be nothing but a password. */
export function describeBackend({ url, scheme }: Endpoint): string {
  return url.includes('://') ? `${scheme}://` : 'this backend';
}

/** The result backend as an endpoint of a driver: Celery writes `db+` before the URL of SQLAlchemy, kombu `sqla+`. */
export function toResultEndpoint({ url }: Endpoint): Endpoint {
  return parseEndpoint(url.replace(/^db\+/i, 'sqla+'));
}

/**
 * Opens a result backend with what a driver loads; `null` if its driver has no such loader. Throws a `ConfigError` for
 * an invalid URL.
 */
export async function openBackend<Open, T>(
  backend: Endpoint,
  findLoader: (driver: Driver) => (() => Promise<Open>) | null | undefined,
  use: (open: Open, server: Endpoint) => T,
): Promise<T | null> {
  const server = toResultEndpoint(backend);
  const load = server.driver && findLoader(server.driver);
  if (!server.driver || !load) return null;
  const open = await loadClient('resultBackend', server.driver, load);
  try {
    return use(open, server);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.errors.map(({ message }) => errorAt(['resultBackend'], message)));
  }
}
