import { isUuid, slugify, type AlertRequest } from './request.ts';

/** The longest text that a check stores, in characters. */
const MAX_BODY = 10_000;

/** A ping of a check at healthchecks.io, or at a server with the same URLs. `{entry}` in the URL is replaced. */
export function buildPing(
  url: string,
  {
    entry,
    signal,
    taskId,
    text,
  }: {
    readonly entry: string;
    readonly signal: 'start' | 'success' | 'fail';
    /** `null` for a signal about no run. */
    readonly taskId: string | null;
    readonly text: string;
  },
): AlertRequest {
  const to = new URL(url.replaceAll('{entry}', slugify(entry)));
  if (signal !== 'success') to.pathname = `${to.pathname.replace(/\/$/, '')}/${signal}`;
  // The id of the run: runs of one check may overlap.
  if (taskId !== null && isUuid(taskId)) to.searchParams.set('rid', taskId);
  return {
    ...{ key: `ping ${entry}`, about: `ping (${signal})`, entry, url: to.href },
    ...{ method: 'POST', headers: { 'Content-Type': 'text/plain; charset=utf-8' } },
    body: text.slice(0, MAX_BODY),
  };
}
