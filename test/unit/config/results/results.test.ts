import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import type { Overrides } from '../../../../src/config/resolve.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { nextDueAt } from '../../../../src/entries/planning/next-due.ts';
import { reconcile } from '../../../../src/entries/planning/adopt.ts';
import { crontab } from '../../../../src/schedule/crontab.ts';
import { namesWritten, problemsOf } from '../support.ts';

const DAY = 86_400_000;
const resultsOf = (config: BeatConfig, overrides?: Overrides) => resolveSettings(config, overrides).results;
const notesOf = (resultBackend: string) =>
  resolveSettings({ resultBackend }).warnings.map(({ path, message }) => [...path, message].join(': '));

describe('settings of results', () => {
  test.each<[object, number | null]>([
    [{}, DAY],
    [{ resultExpires: 3_600 }, DAY / 24],
    [{ result_expires: '2d' }, 2 * DAY],
    [{ CELERY_TASK_RESULT_EXPIRES: 60 }, 60_000],
    [{ CELERY_RESULT_EXPIRES: 60 }, 60_000],
    [{ resultExpires: null }, null],
    [{ resultExpires: 0 }, null],
  ])('%j: how long they are stored', (config, expires) => {
    expect(resultsOf(config).expires).toBe(expires);
  });

  test('the environment overrides the backend of the configuration, as in Celery', () => {
    const config = { CELERY_RESULT_BACKEND: 'redis://file/1' } as BeatConfig;
    expect(resultsOf(config).backend?.url).toBe('redis://file/1');
    expect(resultsOf(config, { resultBackend: 'rpc://' }).backend?.url).toBe('rpc://');
    expect(resultsOf(config, { resultBackend: undefined }).backend?.url).toBe('redis://file/1');
  });

  test.each(['disabled', 'disabled://'])('%s means no backend', (resultBackend) => {
    expect(resultsOf({ resultBackend }).backend).toBeNull();
  });

  test.each([
    ['', ''],
    ['app', 'app_'],
    ['app:', 'app:'],
    ['app_', 'app_'],
    ['a-', 'a-'],
    ['a.', 'a.'],
  ])('the key prefix %j is written as %j', (globalKeyprefix, keyPrefix) => {
    const options = { resultBackendTransportOptions: { globalKeyprefix } };
    expect(resultsOf(options).keyPrefix).toBe(keyPrefix);
  });

  test('transport options are accepted in all spellings, and unknown ones are rejected', () => {
    const options = {
      master_name: 'mymaster',
      sentinel_kwargs: { password: 'p' },
      result_chord_ordered: false,
      retry_policy: { timeout: 5 },
    };
    expect(resultsOf({ result_backend_transport_options: options } as BeatConfig)).toMatchObject({
      masterName: 'mymaster',
      sentinelKwargs: { password: 'p' },
      chordOrdered: false,
    });
    const wrong = { globalKeyPrefixx: 'a', masterName: 5 };
    expect(problemsOf({ resultBackend: 5, resultExpires: -1, resultBackendTransportOptions: wrong })).toEqual([
      'resultBackend: expected text that is not empty, got 5',
      expect.stringMatching(/^resultExpires: expected a number of seconds, or .*, got -1$/),
      'resultBackendTransportOptions.masterName: expected text that is not empty, got 5',
      'resultBackendTransportOptions.globalKeyPrefixx: unknown key; did you mean "globalKeyprefix"?',
    ]);
  });

  test.each([
    ['reddis://h', 'resultBackend: "reddis" is none of Celery\'s own result backends; did you mean "redis"?'],
    [
      'postgresql://u:p@h/db',
      'resultBackend: "postgresql" is none of Celery\'s own result backends; a database is written db+postgresql://',
    ],
  ])('%s causes a warning without its password', (backend, note) => {
    expect(notesOf(backend)).toEqual([note]);
  });

  test.each(['redis+socket:///r.sock', 'db+sqlite:///r'])('%s is accepted', (backend) => {
    expect(notesOf(backend)).toEqual([]);
  });

  test.each([
    ['rpc://', 'rpc://'],
    ['db+oracle://u:p@h/db', 'db+oracle://'],
    ['django-db', 'this backend'],
    ['project.backends:Mine', 'this backend'],
  ])('%s is accepted with a warning that its outcomes cannot be read', (backend, what) => {
    expect(notesOf(backend)).toEqual([
      `resultBackend: outcomes of runs cannot be read from ${what}; beat reads redis://, rediss://, sentinel://, mongodb://, db+postgresql://, db+mysql:// or db+sqlite://; "outcomes: false" hides this warning`,
    ]);
    const settings = resolveSettings({ resultBackend: backend, outcomes: false });
    expect(settings.warnings).toEqual([]);
    expect(settings.outcomes).toBe(false);
  });

  test('outcomes are read from a backend that can be read, unless the setting says otherwise', () => {
    const resultBackend = 'db+postgresql://u:p@h/db';
    expect(resolveSettings({ resultBackend }).outcomes).toBe(true);
    expect(resolveSettings({ resultBackend, outcomes: false }).outcomes).toBe(false);
    expect(resolveSettings({}).outcomes).toBe(false);
  });
});

interface RecordedCase {
  settings: BeatConfig;
  environment: { CELERY_RESULT_BACKEND?: string };
  /** The names of entries that the user wrote. */
  schedule: string[];
  installed: Record<string, { task: string; minute: number[]; hour: number[]; options: { expires: number } }>;
}

describe('celery.backend_cleanup', () => {
  const cleanupOf = (config: BeatConfig, overrides?: Overrides) => {
    const { entries, installed } = resolveSettings(config, overrides);
    const entry = entries.find(({ name }) => name === 'celery.backend_cleanup');
    expect(installed).toEqual(entry ? ['celery.backend_cleanup'] : []);
    return entry;
  };

  test.each([
    [undefined, true],
    ['db+postgresql://u:p@h/db', true],
    ['database', true],
    ['file:///results', true],
    ['mongodb://h', true],
    ['elasticsearch://h', true],
    ['s3', true],
    ['django-db', true],
    ['disabled', true],
    ['project.backends:Mine', true],
    ['redis://h/1', false],
    ['rediss://h/1', false],
    ['redis+socket:///r.sock', false],
    ['redis', false],
    ['sentinel://h:26379;sentinel://i:26379', false],
    ['cache+memcached://h', false],
    ['cache', false],
    ['rpc://', false],
    ['dynamodb://', false],
    ['cassandra://', false],
    ['consul://h', false],
    ['couchbase://h', false],
    ['celery.backends.redis:RedisBackend', false],
    ['celery.backends.redis.SentinelBackend', false],
    ['celery.backends.database:DatabaseBackend', true],
  ])('with the result backend %s is installed: %s', (resultBackend, installed) => {
    expect(cleanupOf({ resultBackend }) !== undefined).toBe(installed);
  });

  test("is installed under the conditions of Celery's beat", () => {
    const url = new URL('../../../conformance/default-entries.jsonl', import.meta.url);
    const lines = readFileSync(url, 'utf8').trim().split('\n');
    const cases = lines.map((line) => JSON.parse(line) as RecordedCase);
    expect(cases).toHaveLength(25);
    for (const { settings, environment, schedule, installed } of cases) {
      const beatSchedule = Object.fromEntries(schedule.map((name) => [name, { task: 't', schedule: 60 }]));
      const resultBackend = environment.CELERY_RESULT_BACKEND;
      const { entries, ...resolved } = resolveSettings({ ...settings, beatSchedule }, { resultBackend });
      expect(resolved.installed, JSON.stringify(settings)).toEqual(Object.keys(installed));
      for (const [name, { task, minute, hour, options }] of Object.entries(installed)) {
        expect(entries.find((entry) => entry.name === name)).toMatchObject({
          task,
          schedule: crontab({ minute, hour }, { timezone: 'UTC' }),
          options: { expires: { after: options.expires * 1_000 } },
        });
      }
    }
  });

  test('is not installed if results never expire', () => {
    expect(cleanupOf({ resultExpires: null })).toBeUndefined();
    expect(cleanupOf({ resultExpires: 0, resultBackend: 'db+sqlite:///r' })).toBeUndefined();
  });

  test('is not installed for shell entries alone without a result backend: no worker would run it', () => {
    const beatSchedule = { mine: { shell: 'true', schedule: 60 } };
    expect(cleanupOf({ beatSchedule })).toBeUndefined();
    expect(cleanupOf({ beatSchedule, resultBackend: 'db+sqlite:///r' })).toBeDefined();
    const both = { ...beatSchedule, task: { task: 't', schedule: 60 } };
    expect(cleanupOf({ beatSchedule: both })).toBeDefined();
  });

  test("depends on the environment's backend if there is one", () => {
    const config = { resultBackend: 'redis://h' };
    expect(cleanupOf(config, { resultBackend: 'db+sqlite:///r' })).toMatchObject({ task: 'celery.backend_cleanup' });
    expect(cleanupOf({}, { resultBackend: 'redis://h' })).toBeUndefined();
  });

  test("is due at four in the configuration's zone and expires after twelve hours", () => {
    const entry = cleanupOf({ timezone: 'Europe/Oslo', taskDefaultQueue: 'low' })!;
    expect(entry).toMatchObject({ task: 'celery.backend_cleanup', args: [], enabled: true });
    expect(entry.options.expires).toEqual({ after: DAY / 2 });
    expect(entry.schedule.next(new Date('2026-07-01T12:00Z'))).toEqual(new Date('2026-07-02T02:00Z'));
  });

  test('has its origin and the remedy in its errors', () => {
    const strict = { taskQueues: { jobs: {} }, taskCreateMissingQueues: false };
    const beatSchedule = { mine: { task: 'mine', schedule: 60, options: { queue: 'jobs' } } };
    expect(problemsOf({ ...strict, beatSchedule })).toEqual([
      expect.stringMatching(
        /^beatSchedule\["celery.backend_cleanup"\]: no queue "celery" in taskQueues.* \(beat adds this entry, as Celery does: "resultExpires: null" leaves it out, taskRoutes sends it/,
      ),
    ]);
    expect(problemsOf({ ...strict, beatSchedule, resultExpires: null })).toEqual([]);
    const taskRoutes = { 'celery.*': 'jobs' };
    expect(problemsOf({ ...strict, beatSchedule, taskRoutes })).toEqual([]);
  });

  test('is not installed if the user has an entry of that name, even a disabled one', () => {
    const mine = { task: 'mine', schedule: 60, enabled: false };
    const settings = resolveSettings({ beatSchedule: { 'celery.backend_cleanup': mine } });
    expect(namesWritten(settings)).toEqual(['celery.backend_cleanup']);
    expect(settings.entries).toMatchObject([{ task: 'mine', enabled: false }]);
  });

  test('is caught up after a restart, unlike in Celery', () => {
    const entry = cleanupOf({})!;
    const anchor = Date.parse('2026-07-01T12:00Z');
    const { state: record } = reconcile(entry, undefined, anchor)!;
    const restarted = reconcile(entry, record, anchor + DAY)!.state;
    expect(new Date(nextDueAt(entry, restarted))).toEqual(new Date('2026-07-02T04:00Z'));
  });
});
