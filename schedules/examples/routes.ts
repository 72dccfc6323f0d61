import { crontab, defineConfig, timedelta } from 'celery-beat';

// Which task goes where, unless its options say it: the first route that knows it decides. Tables may stand
// in YAML and JSON too; in code a name may be a regular expression, and a route a function.

export default defineConfig({
  taskRoutes: [
    { 'tasks.report.*': 'reports', 'tasks.backup': { queue: 'slow', priority: 3 } },
    [/tasks\.(import|export)\./, 'transfers'],
    (task, [region]) => (task === 'tasks.sync' ? `sync-${String(region)}` : null),
  ],
  beatSchedule: {
    'weekly-report': {
      task: 'tasks.report.weekly',
      schedule: crontab({ minute: 0, hour: 6, dayOfWeek: 'mon' }),
    },
    'import-feeds': { task: 'tasks.import.feeds', schedule: timedelta({ minutes: 20 }) },
    'sync-north': { task: 'tasks.sync', schedule: timedelta({ hours: 1 }), args: ['north'] },
  },
});
