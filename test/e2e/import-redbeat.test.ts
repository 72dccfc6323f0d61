import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { NEWEST, Worker, findCelery, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';

const SCRIPT = join(import.meta.dirname, '../support/redbeat_entries.py');
const missing = requireCelery(NEWEST, 'redbeat');

interface Imported {
  readonly timezone: string;
  readonly beatSchedule: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

describe.skipIf(missing)(missing || 'beat import redbeat:', () => {
  let redis: RedisServer;
  let folder: Folder;
  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = new Folder();
    const run = spawnSync(findCelery(NEWEST)!.python, [SCRIPT, redis.url(3)], { encoding: 'utf8' });
    expect(run.stderr).not.toContain('Error');
  });
  afterAll(async () => {
    folder[Symbol.dispose]();
    await redis[Symbol.asyncDispose]();
  });

  const importTo = (name: string, ...args: string[]) =>
    callBeat(['import', 'redbeat', redis.url(3), '-o', name, '--force', ...args], { cwd: folder.path });
  const read = (name: string) => parse(readFileSync(join(folder.path, name), 'utf8')) as Imported;

  test('writes static entries and those created at run time, and lists what beat does not have', async () => {
    const { code, stdout, stderr } = await importTo('all.yaml', '--compare', '3');
    expect({ code, stderr: stderr.trimEnd().split('\n') }).toEqual({
      code: 1,
      stderr: [
        expect.stringMatching(
          /^app: not imported: the keys contain neither settings, queues and routes, .*; beat import redbeat -A proj imports/,
        ),
        'redbeat:never-run: note: it has never run, so RedBeat would run it at once; beat counts from its first start',
        expect.stringMatching(/^redbeat:wrong: not imported: options\.no_such_option: unknown/),
        expect.stringMatching(/^not compared: messages with those of Celery, /),
      ],
    });
    const report = { task: 'tasks.note' };
    const at = '2026-01-02T03:04:05.000006+02:00';
    expect(read('all.yaml')).toEqual({
      timezone: 'Europe/Oslo',
      beatSchedule: {
        static: { ...report, schedule: { crontab: { minute: 0, hour: '8,20', dayOfWeek: 'mon-fri' } } },
        every: { ...report, schedule: 90, args: [1, 'tøy'], kwargs: { a: { b: null } } },
        relative: { ...report, schedule: 7_200, relative: true },
        lists: {
          ...report,
          schedule: { crontab: { minute: [0, 30], hour: 5, dayOfMonth: '1-7', monthOfYear: '*/3' } },
        },
        off: { ...report, schedule: 60, enabled: false },
        'never-run': { ...report, schedule: 60 },
        rule: { ...report, schedule: { rrule: 'FREQ=DAILY', dtstart: '2026-11-22T11:00:30Z', timezone: 'Etc/GMT-1' } },
        options: {
          ...report,
          schedule: 60,
          kwargs: { at: { __type__: 'datetime', __value__: at } },
          options: { queue: 'reports', priority: 3, expires: 300, headers: { x: 1 } },
        },
      },
    });
    expect(stdout).toMatch(/^ENTRY +REDBEAT +BEAT/);
    expect(stdout.match(/^(?:static|lists) .* same$/gm)).toHaveLength(6);
    expect(stdout).not.toContain('DIFFERENT');
    expect((await importTo('all.ts', '--partial')).code).toBe(0);
    expect((await callBeat(['check', '-c', 'all.ts'], { cwd: folder.path })).code).toBe(0);
  });

  test('--last-runs has entries count from their last runs', async () => {
    await importTo('runs.yaml', '--last-runs');
    const { every, off, 'never-run': neverRun } = read('runs.yaml').beatSchedule;
    expect(every).toHaveProperty('lastRunAt', '2026-11-22T11:00:30.250Z');
    expect(off).not.toHaveProperty('lastRunAt');
    expect(neverRun).not.toHaveProperty('lastRunAt');
  });

  test('an entry whose interval has passed since its last run is sent at once, to a real worker', async () => {
    await importTo('moved.yaml', '--last-runs', '--partial');
    const args = ['-c', 'moved.yaml', '-b', redis.url(4)];
    await using worker = new Worker(NEWEST, {
      brokerUrl: redis.url(4),
      cwd: folder.path,
      queues: ['celery', 'reports'],
    });
    await using beat = new BeatProcess({ cwd: folder.path, args });
    const run = await beat.log.until('a run of the entry', () => beat.sent.find(({ entry }) => entry === 'every'));
    // The newest instant of the grid that begins with the last run, not one that begins with the start of beat.
    expect((Date.parse(run.dueAt) - Date.parse('2026-11-22T11:00:30.250Z')) % 90_000).toBe(0);
    expect(Date.parse(run.time) - Date.parse(run.dueAt)).toBeLessThan(90_000);
    await beat.stop();
    await worker.waitForTasks([run.taskId]);
    // Other entries may be due at the same time.
    const ran = worker.ran.find(({ id }) => id === run.taskId);
    expect(ran).toMatchObject({ args: [1, 'tøy'], kwargs: { a: { b: null } } });
  });

  test.each([
    [['redis://127.0.0.1:1/0'], /^beat: import redbeat: no connection to Redis: .*ECONNREFUSED/],
    [['EMPTY'], /^there are no entries under "redbeat::schedule" in redis:/],
    [['amqp://localhost'], /^unsupported URL scheme "amqp"; allowed: redis:\/\/, rediss/],
    [['redis-sentinel://a:1'], /^--master-name: missing/],
    [['redis://localhost/x'], /^database "x" is not a number/],
    [['localhost'], /^"localhost" is not a URL; allowed: redis/],
  ])('is an error without a file, from %o', async ([url = ''], message) => {
    const source = url === 'EMPTY' ? redis.url(9) : url;
    const args = ['import', 'redbeat', source, '-o', 'none.yaml'];
    const { code, stdout, stderr } = await callBeat(args, { cwd: folder.path });
    expect(code).toBeGreaterThan(0);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: expect.stringMatching(message) as string });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder.path, 'none.yaml'))).toBe(false);
  });
});
