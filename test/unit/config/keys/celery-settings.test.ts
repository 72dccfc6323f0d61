import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  classifyCelerySetting,
  REJECTED_SETTINGS,
  UNUSED_SETTINGS,
  WORKERS_FAMILIES,
  WORKERS_SETTINGS,
} from '../../../../src/config/keys/celery-settings.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { readKeySchema } from '../../../../src/config/keys/key-schema.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { configSchema } from '../../../../src/config/schema.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { problemsOf } from '../support.ts';

/** Celery's settings, new name → old names. */
const file = new URL('../../../conformance/celery-settings.json', import.meta.url);
const CELERYS = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>;
const OWN = readKeySchema(configSchema, true)!.spellings;

const notesOf = (config: object) => resolveSettings(config as BeatConfig).warnings.map(formatDiagnostic);

describe('settings of Celery that beat does not have', () => {
  test('are all known, by every name that Celery has for them', () => {
    const names = Object.entries(CELERYS).flatMap(([name, old]) => {
      const django = `CELERY_${name.toUpperCase()}`;
      // Celery itself takes the old names of the broker's without a prefix.
      return [name, django, ...(old.length > 0 ? old : [name.toUpperCase()])];
    });
    expect(names.filter((name) => !OWN.has(name) && !classifyCelerySetting(name))).toEqual([]);
  });

  test("are different from beat's own", () => {
    const others = [...WORKERS_SETTINGS, ...Object.keys(UNUSED_SETTINGS), ...Object.keys(REJECTED_SETTINGS)];
    expect(others.filter((name) => OWN.has(name))).toEqual([]);
    const ofFamily = new RegExp(`^(${WORKERS_FAMILIES.join('|')})_`);
    expect([...OWN.keys()].filter((name) => ofFamily.test(name))).toEqual([]);
  });

  test('of workers are listed in one warning', () => {
    const shared = {
      worker_concurrency: 4,
      task_acks_late: true,
      CELERYD_MAX_TASKS_PER_CHILD: 100,
      CELERY_SEND_TASK_ERROR_EMAILS: true,
      CELERY_WORKER_PREFETCH_MULTIPLIER: 1,
      imports: ['tasks'],
    };
    expect(notesOf(shared)).toEqual([`ignored, as settings of the workers: ${Object.keys(shared).join(', ')}`]);
  });

  test('of schedulers cause a warning with the reason', () => {
    expect(notesOf({ beat_scheduler: 'redbeat.RedBeatScheduler', redbeat_lock_timeout: 30 })).toEqual([
      'beat_scheduler: ignored: beat is the scheduler; it does not read entries from the database of another',
      'redbeat_lock_timeout: ignored: see lock.ttl',
    ]);
  });

  test("are distinguished from a project's own names, which one warning lists", () => {
    const own = {
      CELERY_EMAIL_BACKEND: 'djcelery_email.backends.CeleryEmailBackend',
      CELERY_EMAIL_TASK_CONFIG: { queue: 'email' },
      CELERY_FLOWER_USER: 'admin',
      CELERY_QUEUE_PREFIX: null,
    };
    expect(notesOf({ ...own, CELERY_WORKER_CONCURRENCY: 4 })).toEqual([
      'ignored, as settings of the workers: CELERY_WORKER_CONCURRENCY',
      "ignored: unknown settings (neither Celery's nor beat's): CELERY_EMAIL_BACKEND, CELERY_EMAIL_TASK_CONFIG, CELERY_FLOWER_USER",
    ]);
    expect(problemsOf({ celery_email_backend: 'x' })).toEqual([
      expect.stringContaining('celery_email_backend: unknown key'),
    ]);
  });

  test('cause no warning if they are null', () => {
    expect(notesOf({ beat_scheduler: null, worker_pool: null, broker_host: null })).toEqual([]);
  });

  test('are rejected if ignoring them would change the behaviour', () => {
    expect(problemsOf({ BROKER_HOST: 'rabbit', broker_port: 5672 })).toEqual([
      'BROKER_HOST: not supported: write brokerUrl, with scheme, user, password, host, port and virtual host',
      'broker_port: not supported: write brokerUrl, with scheme, user, password, host, port and virtual host',
    ]);
  });

  test.each([
    ['CELERY_BEAT_SCHEDUL', 'CELERYBEAT_SCHEDULE'],
    ['CELERY_RESULT_BACKEN', 'CELERY_RESULT_BACKEND'],
    ['task_defualt_queue', 'task_default_queue'],
    ['result_backnd', 'result_backend'],
  ])('do not hide a misspelled setting of beat: %s', (key, meant) => {
    expect(problemsOf({ [key]: {} })).toEqual([`${key}: unknown key; did you mean "${meant}"?`]);
  });
});
