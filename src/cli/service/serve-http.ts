import type { Beat } from '../../beat.ts';
import type { HttpServer } from '../../http/serve.ts';
import type { Logger } from '../../observe/logger.ts';
import { systemClock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';

/** Serves HTTP if the configuration asks for it; `null` otherwise. */
export async function serveHttp(
  beat: Beat,
  log: Logger,
  version: string,
): Promise<HttpServer | null> {
  if (beat.settings.http === null) return null;
  const { serve } = await import('../../http/serve.ts');
  const { createMetrics } = await import('../../metrics.ts');
  const metrics = createMetrics(beat);
  const server = await serve({
    settings: () => beat.settings,
    liveness: beat.liveness,
    metrics: () => metrics.render(),
    clock: systemClock,
    version,
    reportError: (error) => log.error({ event: 'http' }, `http: ${describeError(error)}`),
  });
  log.info({ event: 'http', url: server.url }, `http: Listening on ${server.url}`);
  return server;
}
