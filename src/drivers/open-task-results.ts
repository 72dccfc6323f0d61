import type { ResultSettings } from '../store/results.ts';
import type { TaskResults } from '../store/task-results.ts';
import type { Clock } from '../util/clock.ts';
import type { Endpoint } from './endpoint.ts';
import { toResultEndpoint } from './open-result-reader.ts';

/** The URLs of result backends that a worker can write to, for messages. */
export const RESULT_BACKENDS =
  'redis://, rediss://, sentinel://, db+sqlite://, db+postgresql://, db+mysql://';

/**
 * Opens the result backend for a worker, which stores what its commands return; `null` for one that it cannot write to.
 * Throws a `ConfigError` for an invalid URL.
 */
export async function openTaskResults(
  backend: Endpoint,
  settings: ResultSettings,
  clock: Clock,
): Promise<TaskResults | null> {
  const server = toResultEndpoint(backend);
  const open = await server.driver?.loadTaskResults?.();
  return open ? open(server, settings, clock) : null;
}
