import type { KeySchema } from './key-schema.ts';
import { snakeCase } from './spellings.ts';

/** Keys of entries in Celery's scheduler, RedBeat and django-celery-beat. */
const ENTRY_KEYS: Readonly<Record<string, string>> = {
  one_off: 'write schedule: {at: …}, which is due once',
  clocked: 'write schedule: {at: …}',
  interval: 'write schedule: {timedelta: {…}}',
  start_time: 'write from: the first instant at which a run may be due',
  expire_seconds: 'write expires',
};

const SCHEDULE_KEYS: Readonly<Record<string, string>> = {
  clocked: 'write at',
  interval: 'write timedelta',
};

/** What to write instead of a key that other schedulers have at this place; `undefined` for any other key. */
export function explainRefusedKey(key: string, keys: KeySchema | undefined): string | undefined {
  const places = [
    [ENTRY_KEYS, keys?.inside.has('options') && keys.inside.has('schedule')],
    [SCHEDULE_KEYS, keys?.inside.has('crontab')],
  ] as const;
  const name = snakeCase(key);
  return places.find(([known, here]) => here && Object.hasOwn(known, name))?.[0][name];
}
