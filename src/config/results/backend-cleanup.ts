import { isMap } from '../../util/is-map.ts';
import type { Report } from '../validate.ts';
import type { ResultOptions } from '../../drivers/open-store.ts';

/** The name of the entry, and of its task, that deletes expired results. */
export const BACKEND_CLEANUP = 'celery.backend_cleanup';

/**
 * Whether Celery's beat would install the entry: results expire, and the backend does not delete them itself. It does
 * so without a result backend too, because the configuration of beat need not name the backend of the workers. A configuration
 * of shell entries alone has no Celery worker that would run it.
 */
export function needsCleanup(
  { backend, expires, expiresByItself }: ResultOptions,
  entries: readonly unknown[],
): boolean {
  const isShellOnly = backend === null && entries.length > 0 && entries.every(isShellEntry);
  return expires !== null && !expiresByItself && !isShellOnly;
}

function isShellEntry(entry: unknown): boolean {
  return isMap(entry) && entry['shell'] !== undefined;
}

/** The entry as a user would write it: 04:00 in the zone of the configuration, expired after twelve hours. */
export const CLEANUP_ENTRY = {
  task: BACKEND_CLEANUP,
  schedule: { crontab: { minute: 0, hour: 4 } },
  options: { expires: 12 * 3_600 },
} as const;

/** Adds the origin of the entry to its errors: the user has not written it. */
export function explainCleanup(report: Report): Report {
  return (path, message) => {
    report(path, `${message} (${ADDED})`);
  };
}

const ADDED =
  'beat adds this entry, as Celery does: "resultExpires: null" leaves it out, taskRoutes sends it where you like';
