import type { Content } from './payload.ts';

/**
 * Builds a body in Celery's protocol 1 from the headers of protocol 2; workers of Celery 3 read no other. Protocol
 * 1 has no field for the display name, ancestors, stamps and `ignore_result`.
 */
export function buildProtocol1Body(
  headers: Readonly<Record<string, unknown>>,
  [args, kwargs, { callbacks, errbacks, chord }]: Content,
): Readonly<Record<string, unknown>> {
  const { task, id, group, group_index, retries, eta, expires, timelimit } = headers;
  return {
    ...{ task, id, args, kwargs, group, group_index, retries, eta, expires },
    // All times have an offset.
    utc: true,
    ...{ callbacks, errbacks, timelimit, taskset: group, chord },
  };
}
