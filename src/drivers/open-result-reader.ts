import type { ResultReader } from '../contracts/store/result-reader.ts';
import type { Clock } from '../util/clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { ResultOptions } from './open-store.ts';
import {
  describeBackend,
  openBackend,
  RESULT_BACKENDS,
  toResultEndpoint,
} from './result-backend.ts';

/** Why outcomes cannot be read from a backend; `null` if they can. */
export function explainUnreadable(backend: Endpoint): string | null {
  if (toResultEndpoint(backend).driver?.loadResultReader) return null;
  const what = describeBackend(backend);
  return `outcomes of runs cannot be read from ${what}; beat reads ${RESULT_BACKENDS}`;
}

/**
 * Opens the reader of outcomes; `null` without a backend, or if the backend cannot be read. Throws a `ConfigError` for an
 * invalid URL.
 */
export async function openResultReader(
  options: ResultOptions,
  clock: Clock,
): Promise<ResultReader | null> {
  if (options.backend === null) return null;
  return openBackend(
    options.backend,
    ({ loadResultReader }) => loadResultReader,
    (open, server) => open(server, options, clock),
  );
}
