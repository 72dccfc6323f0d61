import { chain, crontab, defineConfig, group, sig } from 'celery-beat';

// Signatures made in code: a task with its arguments, chains of them, groups, and chords.

const regions = ['eu', 'us', 'asia'];

export default defineConfig({
  beatSchedule: {
    'warm-all-caches': {
      task: group(regions.map((region) => sig('tasks.warm', [region]))),
      schedule: crontab({ minute: '*/10' }),
      options: { expires: 'next' }, // of each of them
    },
    'back-up-then-check': {
      task: chain(
        sig('tasks.backup', ['main'], { options: { queue: 'slow', timeLimit: '1h' } }),
        sig('tasks.check', [], { options: { countdown: '5m', linkError: 'tasks.alarm' } }),
      ),
      schedule: crontab({ minute: 30, hour: 2 }),
    },
  },
});
