import type { ResultSettings } from '../store/results.ts';
import type { TaskResults } from '../store/task-results.ts';
import type { Clock } from '../util/clock.ts';
import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { toResultEndpoint } from './open-result-reader.ts';

/**
 * Opens the result backend for a worker, which stores what its commands return. Throws a `ConfigError` for a URL
 * that is invalid or not supported.
 */
export async function openTaskResults(
  backend: Endpoint,
  settings: ResultSettings,
  clock: Clock,
): Promise<TaskResults> {
  const server = toResultEndpoint(backend);
  if (!server.driver?.loadTaskResults) {
    const message =
      `beat worker does not store results in "${backend.url.split(':', 1)[0]!}"; ` +
      'allowed: redis://, rediss://, sentinel://, db+sqlite://, or disabled';
    throw new ConfigError([errorAt(['resultBackend'], message)]);
  }
  const open = await server.driver.loadTaskResults();
  return open(server, settings, clock);
}
