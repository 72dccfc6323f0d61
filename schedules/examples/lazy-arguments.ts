import { crontab, defineConfig, lazy } from 'celery-beat';

/** A function of the occurrence can compute all arguments, or any part of them. */
export default defineConfig({
  beatSchedule: {
    'import-the-hour-before': {
      task: 'tasks.import',
      schedule: crontab({ minute: 5 }),
      args: lazy(({ dueAt }) => {
        const until = dueAt.getTime() - 5 * 60_000;
        return [until - 3_600_000, until];
      }),
    },
    'greet-with-the-build': {
      task: 'tasks.greet',
      schedule: crontab({ minute: 0, hour: 7 }),
      kwargs: { name: lazy(() => process.env['BUILD'] ?? 'world') },
    },
  },
});
