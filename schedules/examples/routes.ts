import { defineConfig, timedelta } from 'beat';

// In code a route may be a function, and a name may be a regular expression.

export default defineConfig({
  taskRoutes: [
    [/tasks\.(import|export)\./, 'transfers'],
    (task, [region]) => (task === 'tasks.sync' ? `sync-${String(region)}` : null),
  ],
  beatSchedule: {
    'import-feeds': { task: 'tasks.import.feeds', schedule: timedelta({ minutes: 20 }) },
    'sync-north': {
      task: 'tasks.sync',
      schedule: timedelta({ hours: 1 }),
      args: ['north'],
    },
  },
});
