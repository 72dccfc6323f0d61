import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { NEWEST, Worker, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';

const SCRIPT = join(import.meta.dirname, '../support/django_tasks.py');
const missing = requireCelery(NEWEST, 'django', 'django_celery_beat');

const TASK = { task: 'tasks.note' };

const OSLO = { timezone: 'Europe/Oslo' };

const ENTRIES = {
  every: { description: 'Notes things.', ...TASK, schedule: '90s', args: [1, 'tøy'], kwargs: { a: { b: null } } },
  off: { ...TASK, schedule: '5m', enabled: false },
  new: { ...TASK, schedule: '2d' },
  oslo: { ...TASK, schedule: { crontab: { minute: '0', hour: '8,20', dayOfWeek: 'mon-fri' } }, ...OSLO },
  tokyo: { ...TASK, schedule: { crontab: { minute: '*/15' } }, timezone: 'Asia/Tokyo' },
  monthly: { ...TASK, schedule: { crontab: { minute: '30', hour: '4', dayOfMonth: '1' } }, ...OSLO },
  sunset: { ...TASK, schedule: { solar: { event: 'sunset', latitude: 59.9, longitude: 10.75 } } },
  clocked: { ...TASK, schedule: { at: '2100-01-02T03:04:00.000Z' } },
  done: { ...TASK, schedule: { at: '2026-11-22T11:00:30.250Z' }, enabled: false },
  options: { ...TASK, schedule: '5m', options: { queue: 'reports', priority: 3, expires: 300, headers: { x: 1 } } },
  routed: { ...TASK, schedule: '5m', options: { exchange: 'jobs', routingKey: 'jobs.clean' } },
  ends: {
    ...TASK,
    schedule: '5m',
    options: { expires: '2100-01-01T00:00:00.000Z' },
    from: '2026-11-22T11:05:30.250Z',
    until: '2099-12-31T23:59:59.999Z',
  },
  ended: { ...TASK, schedule: '5m', enabled: false, options: { expires: '2026-11-22T11:00:30.250Z' } },
  starts: { ...TASK, schedule: '5m', from: '2100-01-01T00:00:00.000Z' },
  season: {
    ...TASK,
    schedule: { crontab: { minute: '0', hour: '8,20', dayOfWeek: 'mon-fri' } },
    ...OSLO,
    from: '2100-01-01T07:00:00.000Z',
    until: '2100-01-05T06:59:59.999Z',
    options: { expires: '2100-01-05T07:00:00.000Z' },
  },
  fresh: { ...TASK, schedule: '2d', from: '2100-01-01T00:00:00.000Z' },
  single: { ...TASK, schedule: { at: '2100-01-01T07:00:00.000Z' } },
  never: { ...TASK, schedule: '5m', enabled: false, options: { expires: '2100-01-01T00:00:00.000Z' } },
  started: { ...TASK, schedule: '5m' },
};

const LEFT = [
  /^app: not imported: the tables contain neither settings, queues and routes, nor the options that tasks declare in Python, .*; beat import django -A proj imports all of them$/,
  /^periodic task "broken": not imported: args: invalid JSON/,
  /^periodic task "overdue": not imported: its only run was due at 2026-11-22T11:00:30\.250Z/,
  /^periodic task "season": different: an instant before start_time counts as missed, .* beat runs it first at 2100-01-01T07:00:00\.000Z$/,
  /^not compared: messages with those of Celery, /,
];

interface Imported {
  readonly timezone: string;
  readonly beatSchedule: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Fills a database, in the form of Django's setting. */
function fill(database: object): void {
  const { python } = findCelery(NEWEST)!;
  const run = spawnSync(python, [SCRIPT, JSON.stringify(database)], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
}

const readYaml = (path: string) => parse(readFileSync(path, 'utf8')) as Imported;

async function expectImport(url: string, folder: Folder): Promise<void> {
  const path = join(folder.path, 'all.yaml');
  const args = ['import', 'django', url, '-o', path, '--force', '--compare', '2'];
  const { code, stdout, stderr } = await callBeat(args, { cwd: folder.path });
  expect({ code, stderr: stderr.trimEnd().split('\n') }).toEqual({
    code: 1,
    stderr: LEFT.map((line) => expect.stringMatching(line) as string),
  });
  expect(readYaml(path)).toEqual({ timezone: 'UTC', beatSchedule: ENTRIES });
  expect(stdout).not.toContain('DIFFERENT');
  expect(stdout.match(/^(?:oslo|tokyo|monthly|sunset|ends|starts|season|fresh) .* same$/gm)).toHaveLength(16);
  const { stdout: runs } = await callBeat([...args.slice(0, 3), '--last-runs'], { cwd: folder.path });
  const { every, overdue, off, new: fresh } = (parse(runs) as Imported).beatSchedule;
  expect(every).toHaveProperty('lastRunAt', '2026-11-22T11:00:30.250Z');
  expect(overdue).toHaveProperty('lastRunAt', '2026-11-22T11:00:29.250Z');
  expect(off).not.toHaveProperty('lastRunAt');
  // It counts from its creation.
  expect(Date.parse(String(fresh!['lastRunAt']))).toBeGreaterThan(Date.now() - 600_000);
}

describe.skipIf(missing)(missing || 'beat import django from SQLite:', () => {
  let folder: Folder;
  let path: string;
  beforeAll(() => {
    folder = new Folder();
    path = join(folder.path, 'db.sqlite3');
    fill({ ENGINE: 'django.db.backends.sqlite3', NAME: path });
  });
  afterAll(() => folder[Symbol.dispose]());

  let copies = 0;
  /** A copy of the database after a statement. */
  function copyWith(statement: string): string {
    const copy = join(folder.path, `copy-${(copies += 1)}.sqlite3`);
    copyFileSync(path, copy);
    using db = new DatabaseSync(copy, { enableForeignKeyConstraints: false });
    db.exec(statement);
    return copy;
  }

  test.each(['path', 'sqlite:///', 'sqla+sqlite:///'])(
    'writes all periodic tasks, and lists what beat does not have, from a %s',
    async (form) => {
      await expectImport(form === 'path' ? path : form + path, folder);
    },
  );

  test('an overdue task and one whose interval has passed are sent at once, to a real worker', async () => {
    const cwd = folder.path;
    // Without the task for an exchange, which the broker of this test does not have.
    const source = copyWith("DELETE FROM django_celery_beat_periodictask WHERE name = 'routed'");
    await callBeat(['import', 'django', source, '-o', 'moved.ts', '--force', '--last-runs'], { cwd });
    const broker = `sqla+sqlite:///${join(cwd, 'broker.sqlite')}`;
    await using worker = new Worker(NEWEST, { brokerUrl: broker, cwd });
    await using beat = new BeatProcess({ cwd, args: ['-c', 'moved.ts', '-b', broker] });
    const find = (name: string) =>
      beat.log.until(`a run of ${name}`, () => beat.sent.find(({ entry }) => entry === name));
    const [every, overdue] = [await find('every'), await find('overdue')];
    expect(overdue.dueAt).toBe('2026-11-22T11:00:30.250Z');
    expect((Date.parse(every.dueAt) - Date.parse(overdue.dueAt)) % 90_000).toBe(0);
    await beat.stop();
    await worker.waitForTasks([every.taskId, overdue.taskId]);
    expect(worker.ran.find(({ id }) => id === every.taskId)).toMatchObject({
      args: [1, 'tøy'],
      kwargs: { a: { b: null } },
    });
  });

  test.each([
    [
      'ALTER TABLE django_celery_beat_periodictask DROP COLUMN expire_seconds',
      /^the tables are not those of django-celery-beat 2\.x: missing columns in django_celery_beat_periodictask: expire_seconds; run its migrations/,
    ],
    [
      'ALTER TABLE django_celery_beat_crontabschedule ADD COLUMN jitter integer',
      /unknown columns in django_celery_beat_crontabschedule: jitter/,
    ],
    ['DROP TABLE django_celery_beat_clockedschedule', /the tables django_celery_beat_clockedschedule are missing/],
    ['DELETE FROM django_celery_beat_periodictask', /has no periodic tasks/],
  ])('is an error without a file, after %s', async (statement, message) => {
    await expectError(copyWith(statement), message);
  });

  test.each([
    ['sqlite:////nowhere/db.sqlite3', /^beat: import: \/nowhere\/db\.sqlite3: the directory does not exist/],
    ['postgresql://u:secret@127.0.0.1:1/db', /^beat: import: no connection to PostgreSQL: /],
    ['mysql://u:secret@127.0.0.1:1/db', /^beat: import: no connection to MySQL: /],
    ['oracle://u:secret@host/db', /^unsupported URL scheme "oracle"; allowed: sqla\+sqlite:/],
    ['postgresql://u:secret@host:x/db', /"x" is not a port/],
    ['beat.sqlite', /^"beat.sqlite" is not a URL/],
  ])('is an error without a file, from %s', async (url, message) => {
    await expectError(url, message);
  });

  test('is an error without a file, from the database of another program', async () => {
    const empty = join(folder.path, 'empty.sqlite3');
    new DatabaseSync(empty).exec('CREATE TABLE t (a)');
    await expectError(empty, /^the database has no tables of django-celery-beat: is it another/);
  });

  async function expectError(url: string, message: RegExp): Promise<void> {
    const args = ['import', 'django', url, '-o', 'none.yaml'];
    const { code, stdout, stderr } = await callBeat(args, { cwd: folder.path });
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('secret');
    expect(stderr.split('\n')).toHaveLength(1);
    expect(existsSync(join(folder.path, 'none.yaml'))).toBe(false);
  }
});

const noPostgres = missing || requireService('postgres');
test.skipIf(noPostgres)(noPostgres || 'beat import django from PostgreSQL: writes all periodic tasks', async () => {
  await using server = await PostgresServer.start();
  using folder = new Folder();
  fill({
    ENGINE: 'django.db.backends.postgresql',
    NAME: 'postgres',
    USER: 'beat',
    PASSWORD: server.password,
    HOST: '127.0.0.1',
    PORT: server.port,
  });
  await expectImport(server.url().replace('sqla+postgresql', 'postgres'), folder);
});

const noMaria = missing || requireService('mariadbd');
test.skipIf(noMaria)(noMaria || 'beat import django from MariaDB: writes all periodic tasks', async () => {
  await using server = await MariaServer.start();
  using folder = new Folder();
  fill({
    ENGINE: 'django.db.backends.mysql',
    NAME: 'celery',
    USER: 'beat',
    PASSWORD: server.password,
    HOST: '127.0.0.1',
    PORT: server.port,
  });
  await expectImport(server.url().replace('sqla+mysql', 'mysql'), folder);
});
