import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { entryOf, namesWritten, problemsOf } from '../support.ts';

const schedule = { e: { task: 't', schedule: 60 } };
const resolve = (config: object) => resolveSettings(config);

describe('spellings', () => {
  test.each([['beatSchedule'], ['beat_schedule'], ['CELERYBEAT_SCHEDULE'], ['CELERY_BEAT_SCHEDULE']])(
    '%s contains the entries',
    (key) => {
      expect(namesWritten(resolve({ [key]: schedule }))).toEqual(['e']);
    },
  );

  test.each([['brokerUrl'], ['broker_url'], ['BROKER_URL'], ['CELERY_BROKER_URL']])('%s names the broker', (key) => {
    expect(resolve({ [key]: 'memory://' }).broker.url).toBe('memory://');
  });

  test.each([
    ['timezone', 'Asia/Tokyo', 'timezone', 'Asia/Tokyo'],
    ['CELERY_TIMEZONE', 'Asia/Tokyo', 'timezone', 'Asia/Tokyo'],
    ['key_prefix', 'app', 'keyPrefix', 'app'],
  ] as const)('%s: %s sets %s', (key, value, name, result) => {
    expect(resolve({ [key]: value })[name]).toBe(result);
  });

  test.each([['CELERY_DEFAULT_QUEUE'], ['CELERY_TASK_DEFAULT_QUEUE'], ['task_default_queue']])(
    '%s names the default queue',
    (key) => {
      expect(resolve({ [key]: 'work' }).queues.defaultQueue).toBe('work');
    },
  );

  test.each([['ENABLE_UTC'], ['CELERY_ENABLE_UTC'], ['enable_utc'], ['enableUtc']])(
    '%s: false means the zone of the host',
    (key) => {
      const host = Intl.DateTimeFormat().resolvedOptions().timeZone;
      expect(resolve({ [key]: false }).timezone).toBe(host);
      expect(resolve({ [key]: false, timezone: 'Asia/Tokyo' }).timezone).toBe('Asia/Tokyo');
    },
  );

  test.each([['startingDeadline'], ['beat_cron_starting_deadline'], ['CELERY_BEAT_CRON_STARTING_DEADLINE']])(
    '%s is the deadline of every entry',
    (key) => {
      const { entries } = resolve({ [key]: 60, beatSchedule: schedule });
      expect(entries[0]?.startingDeadline).toBe(60_000);
    },
  );

  test('snake_case is accepted in transport options', () => {
    const options = { global_keyprefix: 'app:', priority_steps: [9, 0], sep: ':' };
    expect(resolve({ BROKER_TRANSPORT_OPTIONS: options }).transport).toMatchObject({
      globalKeyprefix: 'app:',
      sep: ':',
      prioritySteps: [0, 9],
    });
  });

  test('snake_case is accepted in entries, options and schedules', () => {
    const { options, schedule, startingDeadline } = entryOf({
      schedule: { crontab: { minute: 0, hour: 0, day_of_week: 'fri' } },
      options: { time_limit: 30, soft_time_limit: 20, ignore_result: true, task_id: 'x' },
      starting_deadline: 5,
    });
    expect(options).toEqual({ timeLimit: 30, softTimeLimit: 20, ignoreResult: true, taskId: 'x' });
    expect(schedule.spec).toBe(
      entryOf({ schedule: { crontab: { minute: 0, hour: 0, dayOfWeek: 'fri' } } }).schedule.spec,
    );
    expect(startingDeadline).toBe(5_000);
  });

  test('keys in args, kwargs and headers and the names of entries are never renamed', () => {
    const inner = { beat_schedule: 1, taskDefaultQueue: 2, 'x-y': 3, CELERY_TIMEZONE: null };
    const { entries } = resolve({
      beat_schedule: {
        task_default_queue: { task: 't', schedule: 60, args: [inner], kwargs: inner, options: { headers: inner } },
      },
    });
    expect(entries[0]).toMatchObject({
      name: 'task_default_queue',
      args: [inner],
      kwargs: inner,
      options: { headers: inner },
    });
  });

  test('one setting in two spellings is an error that names both', () => {
    expect(problemsOf({ broker_url: 'memory://', BROKER_URL: 'memory://' })).toEqual([
      'BROKER_URL: the same as "broker_url", spelled differently; keep one of them',
    ]);
  });

  test('errors show the keys as they were written', () => {
    const entry = { task: 't', schedule: { crontab: { day_of_week: 'mun' } }, options: 5 };
    const lines = problemsOf({ CELERYBEAT_SCHEDULE: { e: entry } });
    expect(lines[0]).toMatch(/^CELERYBEAT_SCHEDULE\.e\.options: expected a map, got 5$/);
    expect(lines[1]).toMatch(/^CELERYBEAT_SCHEDULE\.e\.schedule\.crontab\.day_of_week: /);
  });

  test('null means absent, except where it means no limit', () => {
    const { entries } = resolve({
      timezone: null,
      brokerUrl: null,
      startingDeadline: 60,
      beatSchedule: { e: { task: 't', schedule: 60, args: null, startingDeadline: null } },
    });
    expect(entries[0]).toMatchObject({ args: [], startingDeadline: null });
    expect(namesWritten(resolve({ beatSchedule: null }))).toEqual([]);
  });

  test('keys that begin with x- are ignored at the top level, and only there', () => {
    expect(problemsOf({ 'x-anchors': { anything: 1 } })).toEqual([]);
    expect(problemsOf({ lock: { 'x-ttl': 1 } })).toEqual(['lock.x-ttl: unknown key; did you mean "ttl"?']);
  });
});
