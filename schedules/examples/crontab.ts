import { crontab, defineConfig } from 'celery-beat';

// Celery's crontab: all five fields must match, and those left out always do.

export default defineConfig({
  beatSchedule: {
    'every-quarter-of-an-hour': {
      task: 'tasks.add',
      schedule: crontab({ minute: '*/15' }),
      args: [16, 16],
    },
    'weekdays-at-nine-in-oslo': {
      task: 'tasks.greet',
      schedule: crontab({ minute: 0, hour: 9, dayOfWeek: 'mon-fri' }, { timezone: 'Europe/Oslo' }),
      kwargs: { name: 'team' },
    },
    'friday-the-thirteenth': {
      task: 'tasks.cleanup',
      schedule: crontab({ minute: 0, hour: 0, dayOfWeek: 'fri', dayOfMonth: 13 }),
    },
  },
});
