import type { ServerUrls } from '../contracts/broker/server-url.ts';
import type { ResultReader, ResultSettings, TaskResults } from '../contracts/store/results.ts';
import type { Clock } from '../util/clock.ts';
import { errorAt } from '../util/diagnostic.ts';
import { withErrors } from '../util/errors.ts';
import { parseEndpoint, type Endpoint } from './endpoint.ts';
import { loadClient } from './load-client.ts';
import type { ResultOptions } from './open-store.ts';
import type { Driver } from './table.ts';

/** Forms of the result backends of runs that beat and its worker support, for messages. */
export const RESULT_BACKENDS =
  'redis://, rediss://, sentinel://, mongodb://, db+postgresql://, db+mysql:// or db+sqlite://';

/** Describes a backend in messages: `rpc://`. It shows no more, because a variable may contain only a password. */
export function describeBackend({ url, scheme }: Endpoint): string {
  return url.includes('://') ? `${scheme}://` : 'this backend';
}

/** The result backend as an endpoint of a driver: Celery writes `db+` before the URL of SQLAlchemy, kombu `sqla+`. */
function toResultEndpoint({ url }: Endpoint): Endpoint {
  return parseEndpoint(url.replace(/^db\+/i, 'sqla+'));
}

type OpenBackend<T> = (server: ServerUrls, settings: ResultSettings, clock: Clock) => T;

/** Opens a result backend; `null` if its driver has no such loader. Throws a `ConfigError` for an invalid URL. */
async function openBackend<T>(
  backend: Endpoint,
  settings: ResultSettings,
  clock: Clock,
  findLoader: (driver: Driver) => (() => Promise<OpenBackend<T>>) | undefined,
): Promise<T | null> {
  const server = toResultEndpoint(backend);
  const load = server.driver && findLoader(server.driver);
  if (!server.driver || !load) return null;
  const open = await loadClient('resultBackend', server.driver, load);
  return withErrors(
    () => open(server, settings, clock),
    ({ message }) => errorAt(['resultBackend'], message),
  );
}

export function explainUnreadable(backend: Endpoint): string | null {
  if (toResultEndpoint(backend).driver?.loadResultReader) return null;
  return `outcomes of runs cannot be read from ${describeBackend(backend)}; beat reads ${RESULT_BACKENDS}`;
}

/** Opens the reader of outcomes; `null` if none can be read. Throws a `ConfigError` for an invalid URL. */
export async function openResultReader(options: ResultOptions, clock: Clock): Promise<ResultReader | null> {
  if (options.backend === null) return null;
  return openBackend(options.backend, options, clock, ({ loadResultReader }) => loadResultReader);
}

/** Opens the backend for a worker's results; `null` if it is read-only. Throws a `ConfigError` for an invalid URL. */
export function openTaskResults(
  backend: Endpoint,
  settings: ResultSettings,
  clock: Clock,
): Promise<TaskResults | null> {
  return openBackend(backend, settings, clock, ({ loadTaskResults }) => loadTaskResults);
}
