import type { ResultReader } from '../store/result-reader.ts';
import type { Clock } from '../util/clock.ts';
import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { parseEndpoint, type Endpoint } from './endpoint.ts';
import { loadClient } from './load-client.ts';
import type { ResultOptions } from './open-store.ts';

/** The result backend as an endpoint of a driver: Celery writes `db+` before the URL of SQLAlchemy, kombu `sqla+`. */
export function toResultEndpoint({ url }: Endpoint): Endpoint {
  return parseEndpoint(url.replace(/^db\+/i, 'sqla+'));
}

/** Forms of backends whose outcomes beat reads, for messages. */
export const READABLE_BACKENDS =
  'redis://, rediss://, sentinel://, db+postgresql://, db+mysql:// or db+sqlite://';

/** Why outcomes cannot be read from a backend; `null` if they can. */
export function explainUnreadable(backend: Endpoint): string | null {
  if (toResultEndpoint(backend).driver?.loadResultReader) return null;
  // The value of a variable may be nothing but a password.
  const isUrl = backend.url.includes('://');
  const what = isUrl ? `${backend.scheme}://` : 'this backend';
  return `outcomes of runs cannot be read from ${what}; beat reads ${READABLE_BACKENDS}`;
}

/**
 * Opens what reads outcomes; `null` without a backend, or with one that cannot be read. Throws a `ConfigError` for an
 * invalid URL.
 */
export async function openResultReader(
  options: ResultOptions,
  clock: Clock,
): Promise<ResultReader | null> {
  if (options.backend === null) return null;
  const backend = toResultEndpoint(options.backend);
  const { driver } = backend;
  if (!driver?.loadResultReader) return null;
  const open = await loadClient('resultBackend', driver, driver.loadResultReader);
  try {
    return open(backend, options, clock);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.errors.map(({ message }) => errorAt(['resultBackend'], message)));
  }
}
