import type { ResultSettings } from '../contracts/store/results.ts';
import type { TaskResults } from '../contracts/store/task-results.ts';
import type { Clock } from '../util/clock.ts';
import type { Endpoint } from './endpoint.ts';
import { openBackend } from './result-backend.ts';

/**
 * Opens the result backend for a worker, which stores what its commands return; `null` if the worker cannot write to it.
 * Throws a `ConfigError` for an invalid URL.
 */
export function openTaskResults(
  backend: Endpoint,
  settings: ResultSettings,
  clock: Clock,
): Promise<TaskResults | null> {
  return openBackend(
    backend,
    ({ loadTaskResults }) => loadTaskResults,
    (open, server) => open(server, settings, clock),
  );
}
