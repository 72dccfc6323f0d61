import type { Report } from '../validate.ts';
import type { ResultSettings } from '../../store/results.ts';

/** The name of the entry, and of its task, that deletes expired results. */
export const BACKEND_CLEANUP = 'celery.backend_cleanup';

/**
 * Whether Celery's beat would install the entry: results expire, and the backend does not delete them itself. It does
 * so without a result backend too, because the configuration of beat need not name that of the workers.
 */
export function needsCleanup({ expires, expiresByItself }: ResultSettings): boolean {
  return expires !== null && !expiresByItself;
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
