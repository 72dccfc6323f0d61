import type { Content } from './payload.ts';

/**
 * The body of a message in Celery's protocol 1, in which all stands in the body; workers of Celery 3 read no
 * other. Made from the headers of protocol 2; what they say beyond (display name, ancestors, stamps, whether
 * to keep the result) protocol 1 cannot say.
 */
export function buildProtocol1Body(
  headers: Readonly<Record<string, unknown>>,
  [args, kwargs, { callbacks, errbacks, chord }]: Content,
): Readonly<Record<string, unknown>> {
  const { task, id, group, group_index, retries, eta, expires, timelimit } = headers;
  return {
    ...{ task, id, args, kwargs, group, group_index, retries, eta, expires },
    // Times bear an offset in any zone.
    utc: true,
    ...{ callbacks, errbacks, timelimit, taskset: group, chord },
  };
}
