import type { Level } from './key-schema.ts';
import { snakeCase } from './spellings.ts';

/** What entries hold elsewhere: in Celery's scheduler, in RedBeat, in django-celery-beat. */
const OF_ENTRIES: Readonly<Record<string, string>> = {
  one_off: 'write schedule: {at: …}, which is due once',
  clocked: 'write schedule: {at: …}',
  interval: 'write schedule: {timedelta: {…}}',
  start_time:
    'an interval counts from when beat first sees its entry; write a crontab for another grid',
  expire_seconds: 'write expires',
};

const OF_SCHEDULES: Readonly<Record<string, string>> = {
  rrule:
    'write crontab or cron, or in TypeScript a schedule of your own: an object with spec and next',
  clocked: 'write at',
  interval: 'write timedelta',
};

/** What to write instead of a key that other schedulers have in this place; `undefined` for any other key. */
export function refusedKey(key: string, level: Level | undefined): string | undefined {
  const places = [
    [OF_ENTRIES, level?.inside.has('options') && level.inside.has('schedule')],
    [OF_SCHEDULES, level?.inside.has('crontab')],
  ] as const;
  const name = snakeCase(key);
  return places.find(([known, here]) => here && Object.hasOwn(known, name))?.[0][name];
}
