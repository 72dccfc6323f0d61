import type { Report } from '../validate.ts';
import type { ResultSettings } from '../../store/results.ts';

/** The entry, and the task, by which Celery has results deleted that have expired. */
export const BACKEND_CLEANUP = 'celery.backend_cleanup';

/**
 * Whether Celery's beat would install the entry: results expire, and not by themselves. With no result
 * backend at all it does, too: what the workers keep their results in need not stand in beat's
 * configuration, and where there is nothing to clean the task does nothing.
 */
export function wantsCleanup({ expires, expiresByItself }: ResultSettings): boolean {
  return expires !== null && !expiresByItself;
}

/** As a user would write it: 04:00 in the zone of the configuration, worthless after twelve hours. */
export const CLEANUP_ENTRY = {
  task: BACKEND_CLEANUP,
  schedule: { crontab: { minute: 0, hour: 4 } },
  options: { expires: 12 * 3_600 },
} as const;

/** What is wrong with an entry that its user never wrote is told with where it comes from. */
export function explained(report: Report): Report {
  return (path, message) => {
    report(path, `${message} (${ADDED})`);
  };
}

const ADDED =
  'beat adds this entry, as Celery does: "resultExpires: null" leaves it out, taskRoutes sends it where you like';
