import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import { compose } from '../../src/entries/compose/compose.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import { readJson } from '../../src/config/source/json.ts';
import { LiveSettings } from '../../src/leader/reload/live-settings.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { BeatProcess, BUILT } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { CELERIES, NEWEST, Worker, findCelery, requireCelery, type Celery } from '../support/celery.ts';
import { runCommandIn } from '../support/command.ts';
import { Folder } from '../support/folder.ts';
import { PythonForks } from '../support/python-forks.ts';
import { RedisServer } from '../support/redis.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROJECTS = join(import.meta.dirname, '../fixtures/celery-projects');
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/moving/from-celery-beat.md'), 'utf8');
const CELERY_SENDS = join(import.meta.dirname, '../support/celery_sends.py');

/** The apps, and of each the entries that the import lists; the messages of all others must be equal. */
const APPS: Readonly<Record<string, readonly string[]>> = {
  enums: [],
  arguments: ['bytes', 'expires-timedelta', 'nan', 'opaque', 'set'],
  hooks: ['audited', 'plain', 'single'],
  namespace: [],
  old_app: [],
  patched: ['traced'],
  periodic: ['chain', 'chord', 'group'],
  queues: [],
  queues_map: ['unknown'],
  routes_dict: ['slow'],
  routes_function: [],
  routes_list: [],
  schedules: ['business', 'lazy', 'nowfun', 'offset', 'zero'],
  shop: [],
  task_options: [],
  zones: [],
};

/** Listed with Debian's Celery alone, whose kombu cannot write bytes, or with the newest alone, which loses headers of routes. */
const ONLY_OLD = ['bytes'];
const ONLY_NEW = ['slow'];

interface Published {
  readonly message: Envelope;
  readonly exchange: string;
  readonly routing_key: string;
}

interface Envelope {
  readonly body: string;
  readonly 'content-type': string;
  readonly 'content-encoding': string;
  readonly headers: Record<string, unknown>;
  readonly properties: Record<string, unknown>;
}

interface Sent {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly published: readonly Published[];
}

/** By the names of entries. */
type Sents = Readonly<Record<string, Sent>>;

/** A Python for each Celery that has loaded it, for imports whose exit code does not matter. */
const forks = new Map<Celery, PythonForks>();
beforeAll(async () => {
  const tested = CELERIES.filter((celery) => !requireCelery(celery));
  await Promise.all(
    tested.map(async (celery) => {
      forks.set(celery, await PythonForks.start(findCelery(celery)!.python));
    }),
  );
});
afterAll(() => Promise.all([...forks.values()].map((each) => each[Symbol.asyncDispose]())));

for (const celery of CELERIES) {
  const missing = requireCelery(celery);
  const { python = '', version = '' } = findCelery(celery) ?? {};

  describe.skipIf(missing)(missing || `import celery: with Celery ${version}`, () => {
    let byCelery: Recording;
    beforeAll(() => {
      byCelery = recordCelery(Object.keys(APPS), python);
    });

    test.each(Object.entries(APPS))(
      'publishes the messages of Celery for the app %s, except for listed entries',
      async (app, listed) => {
        using folder = new Folder();
        const { config, stderr } = await importApp(app, forks.get(celery)!.python, folder);
        const told = [...new Set(namesIn(stderr))].sort();
        const others = version.startsWith('5.2') ? ONLY_NEW : ONLY_OLD;
        expect(told).toEqual(listed.filter((name) => !others.includes(name)));
        const same = Object.entries(byCelery(app)).filter(([name]) => !told.includes(name));
        const sent = Object.fromEntries(same);
        const fromCelery = Object.entries(sent).map(
          ([name, { at, published }]) => [name, simplify(published[0]!, at, expect.any(Boolean))] as const,
        );
        expect(composeAll(config, sent)).toEqual(Object.fromEntries(fromCelery));
      },
    );

    test('publishes the messages of Celery for every kind of canvas', async () => {
      using folder = new Folder();
      const { config, stderr } = await importApp('canvas', forks.get(celery)!.python, folder);
      const lines = stderr.split('\n').filter((line) => !line.includes(': note: '));
      expect(lines).toEqual([
        expect.stringMatching(/^entry locked: different: canvas\.Locked\.apply_async of its task ran/),
      ]);
      expect(Object.keys(config.beatSchedule!)).toHaveLength(19);
    });
  });
}

describe.each(CELERIES)('import celery: with $name', (celery) => {
  const missing = requireCelery(celery);
  const { python = '' } = findCelery(celery) ?? {};
  const args = ['import', 'celery', '--python', python];

  test.skipIf(missing)(
    missing || 'the file with last runs has beat send what is due, and a worker run it',
    async () => {
      using folder = new Folder();
      const cwd = folder.path;
      cpSync(join(PROJECTS, 'last_runs.py'), join(cwd, 'last_runs.py'));
      expect(spawnSync(python, ['last_runs.py'], { cwd }).status).toBe(0);
      await using redis = await RedisServer.start();
      const env = { CELERY_BROKER_URL: redis.url() };
      const imported = await callBeat(
        [...args, '-A', 'last_runs', '--last-runs', 'celerybeat-schedule', '-o', 'beat.config.yaml'],
        { cwd, env },
      );
      expect(imported).toMatchObject({ code: 0, stderr: '', stdout: '' });
      await using worker = new Worker(celery, { brokerUrl: redis.url(), cwd });
      await worker.reports.first('a worker that is ready', ({ kind }) => kind === 'ready');
      await using _beat = new BeatProcess({ cwd });
      const ran = await worker.reports.first('the hourly task', ({ kind }) => kind === 'ran');
      expect(ran).toMatchObject({ task: 'tasks.note', args: ['an hour ago'] });
    },
  );

  test.skipIf(missing)(missing || 'the commands in docs/moving/from-celery-beat.md run in this order', async () => {
    using folder = new Folder({ 'bin/beat': `#!/bin/sh\nexec "${process.execPath}" "${BUILT}" "$@"\n` });
    const cwd = folder.path;
    chmodSync(join(cwd, 'bin/beat'), 0o755);
    symlinkSync(python, join(cwd, 'bin/python'));
    cpSync(join(PROJECTS, 'last_runs.py'), join(cwd, 'proj.py'));
    expect(spawnSync(python, ['proj.py'], { cwd }).status).toBe(0);
    await using redis = await RedisServer.start();
    const env = {
      ...process.env,
      CELERY_BROKER_URL: redis.url(),
      VIRTUAL_ENV: cwd,
      PYTHONPATH: sitePackages(python),
      PATH: `${join(cwd, 'bin')}:${process.env['PATH']}`,
    };
    const blocks = [...PAGE.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block!);
    const commands = blocks.join('').trimEnd().split('\n');
    expect(commands).toHaveLength(5);
    expect(commands.at(-1)).toBe('beat');
    for (const command of commands.slice(0, -1)) {
      const run = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' });
      expect({ command, code: run.status, stderr: run.stderr }).toEqual({ command, code: 0, stderr: '' });
    }
    await using beat = new BeatProcess({ cwd });
    await beat.waitForRuns(1);
    expect(beat.sent).toMatchObject([{ entry: 'hourly' }]);
  });

  test.skipIf(missing)(missing || 'compares the next instants by Celery and by beat', async () => {
    const compare = ['--compare', '3', '-o', '/dev/null', '--format', 'yaml', '--force', '--partial'];
    const { stdout } = await callBeat([...forked(celery), '-A', 'routes_dict', ...compare], { cwd: PROJECTS });
    const [, ...rows] = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(9);
    expect(rows.filter((row) => !row.endsWith('same'))).toEqual([]);
  });

  test.skipIf(missing)(missing || 'names what cannot be imported in one line, and writes nothing', async () => {
    using folder = new Folder({
      'dies.py': 'import os; os._exit(3)',
      'exits.py': 'import sys; sys.exit(3)',
      'fails.py': '\n1 / 0',
      'no_app.py': 'app = 3',
      'app.py': 'from celery import Celery; app = Celery()',
      'not-a-schedule': 'text',
    });
    const cwd = folder.path;
    const fail = async (...more: readonly string[]) => {
      const { code, stderr, stdout } = await runCommandIn(cwd, [...forked(celery), ...more]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      return stderr;
    };
    const output = ['-o', 'out.yaml'];
    expect(await callBeat([...args, '-A', 'missing', ...output], { cwd })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: "beat: -A missing: cannot be imported: ModuleNotFoundError: No module named 'missing'",
    });
    expect(await fail('-A', 'app:nope', ...output)).toBe('beat: -A app:nope: app has no nope');
    expect(await fail('-A', 'fails', ...output)).toBe(
      'beat: -A fails: cannot be imported: ZeroDivisionError: division by zero (fails.py:2)',
    );
    expect(await fail('-A', 'exits', ...output)).toBe('beat: -A exits: cannot be imported: SystemExit: 3 (exits.py:1)');
    expect(await fail('-A', 'dies', ...output, '--python', python)).toBe(
      `beat: ${python} ended with code 3 before the export was complete; see its output above`,
    );
    expect(await fail('-A', 'no_app', ...output)).toBe('beat: -A no_app: expected a Celery app, got builtins.int');
    expect(await fail('-A', 'app', '-S', 'nope:Nope', ...output)).toBe(
      "beat: the app app (scheduler nope:Nope) cannot be read: ModuleNotFoundError: No module named 'nope'",
    );
    expect(await fail('-A', 'app', '--last-runs', 'missing', ...output)).toMatch(
      /^beat: --last-runs: there is no file \/.*\/missing$/,
    );
    expect(await fail('-A', 'app', '--last-runs', 'not-a-schedule', ...output)).toMatch(
      /^beat: --last-runs: \/.*\/not-a-schedule is not readable by this Python: /,
    );
    expect(await fail('-A', 'app', '--workdir', 'nowhere', ...output)).toMatch(
      /^beat: --workdir: there is no folder \/.*\/nowhere$/,
    );
    expect(await fail('-A', 'app', '--python', '/no/python', ...output)).toBe(
      "beat: /no/python cannot be run: spawn /no/python ENOENT; name the project's Python: --python .venv/bin/python",
    );
    expect(existsSync(join(cwd, 'out.yaml'))).toBe(false);
  });
});

test.for(CELERIES)(
  'import celery: with $name, a Python without the client of the broker is one sentence with the package',
  async (celery, context) => {
    const reason = requireCelery(celery);
    if (reason !== false) context.skip(reason);
    const { python } = findCelery(celery)!;
    using folder = new Folder({
      'redis.py': 'raise ImportError("No module named \'redis\'")\n',
      'proj.py': 'from celery import Celery\napp = Celery("proj", broker="redis://127.0.0.1:1")\n',
    });
    const cwd = folder.path;
    const client =
      /the broker is redis:\/\/, and \S*python\S* has no client for it \(.+\): pip install 'celery\[redis\]'$/;
    const imported = await callBeat(['import', 'celery', '-A', 'proj', '--python', python], { cwd });
    expect(imported).toMatchObject({ code: 1, stdout: '' });
    expect(imported.stderr).toMatch(client);
    expect(imported.stderr.split('\n')).toHaveLength(1);
    const args = ['-m', 'celery', '-A', 'proj', 'beat', '-S', 'celery_beat.scheduler:Scheduler'];
    const env = { PYTHONPATH: join(ROOT, 'python'), PYTHONDONTWRITEBYTECODE: '1' };
    const started = spawnSync(python, args, { cwd, env, encoding: 'utf8' });
    expect(started.status).toBe(1);
    expect(started.stderr.trim()).toMatch(client);
    expect(started.stderr.trim().split('\n')).toHaveLength(1);
  },
);

test('import celery: without an active virtual environment, a note names the Python that runs the project', async () => {
  using folder = new Folder({ 'bin/python3': '#!/bin/sh\nexit 3\n' });
  const python = join(folder.path, 'bin/python3');
  chmodSync(python, 0o755);
  const PATH = [join(folder.path, 'bin'), process.env['PATH']].join(delimiter);
  const run = (env: Readonly<Record<string, string>>) =>
    callBeat(['import', 'celery', '-A', 'proj'], { cwd: folder.path, env: { PATH, ...env } });
  const note = `so the project runs with ${python}; --python .venv/bin/python names another\n`;
  expect((await run({})).stderr).toContain(`note: no virtual environment is active, ${note}`);
  expect((await run({ VIRTUAL_ENV: '/nowhere' })).stderr).toContain(
    `note: /nowhere/bin/python does not exist, ${note}`,
  );
  folder.write('bin/python', '#!/bin/sh\nexit 3\n');
  chmodSync(join(folder.path, 'bin/python'), 0o755);
  expect((await run({ VIRTUAL_ENV: folder.path })).stderr).not.toContain('note:');
});

/** The folder of a Python's packages, for a link to it that has none. */
function sitePackages(python: string): string {
  const program = 'import celery, os; print(os.path.dirname(os.path.dirname(celery.__file__)))';
  return spawnSync(python, ['-c', program], { encoding: 'utf8' }).stdout.trim();
}

test.for(CELERIES)('import celery: with $name, lists the entries that Celery cannot read', async (celery, context) => {
  const reason = requireCelery(celery);
  if (reason !== false) context.skip(reason);
  const args = [...forked(celery), '-A', 'misspelled', '--format', 'json'];
  const { stdout, stderr } = await callBeat(args, { cwd: PROJECTS });
  expect(stderr).toMatch(
    /^entry misspelled: not imported: Celery's beat fails at its start because of it: TypeError: .*'shedule'; correct it in beat_schedule$/,
  );
  expect(Object.keys((JSON.parse(stdout) as BeatConfig).beatSchedule!)).toEqual(['good']);
});

test.for(CELERIES)(
  'import celery: with $name, asks a scheduler of the project that keeps a file, and leaves none',
  async (celery, context) => {
    const reason = requireCelery(celery);
    if (reason !== false) context.skip(reason);
    const args = [...forked(celery), '-A', 'own_scheduler'];
    const { code, stdout, stderr } = await callBeat([...args, '--format', 'json'], { cwd: PROJECTS });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(Object.keys((JSON.parse(stdout) as BeatConfig).beatSchedule!)).toEqual([...['given', 'added']]);
  },
);

describe.each(['pytz', 'dateutil', 'pendulum'] as const)('import celery: time zones of %s', (library) => {
  const found = findCelery(NEWEST, library);

  test.skipIf(!found)(
    found ? 'are those of beat' : `${library} is not installed beside the newest Celery`,
    async () => {
      const args = [...forked(NEWEST), '-A', 'zone_libraries'];
      const { code, stdout, stderr } = await callBeat([...args, '--format', 'json', '--compare', '5'], {
        cwd: PROJECTS,
        env: { ZONES: library },
      });
      expect(code).toBe(0);
      const { timezone, beatSchedule } = JSON.parse(stdout) as BeatConfig;
      expect(timezone).toBe('Asia/Kolkata');
      expect(beatSchedule).toMatchObject({ oslo: { timezone: 'Europe/Oslo' } });
      const [, ...rows] = stderr.trimEnd().split('\n');
      expect(rows).toHaveLength(10);
      expect(rows.filter((row) => !row.endsWith('same'))).toEqual([]);
    },
  );
});

/** One that the test does not choose. */
const INSTANT = expect.stringMatching(/^\d{4}-.*Z$/) as string;

const noDjango = requireCelery(NEWEST, 'django_celery_beat');
const noRedBeat = requireCelery(NEWEST, 'redbeat');

test.skipIf(noDjango)(
  noDjango || 'import celery: reads the tables of django-celery-beat without writing to them',
  async () => {
    using folder = new Folder();
    const database = join(folder.path, 'site.sqlite3');
    const env = { SITE_DATABASE: database };
    const { python } = findCelery(NEWEST)!;
    const filled = spawnSync(python, ['-B', '-m', 'site_django.fill'], {
      cwd: PROJECTS,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect(filled.stderr).toBe('');
    const before = readFileSync(database);
    const args = ['import', 'celery', '-A', 'site_django', '--python', python, '--last-runs'];
    const { code, stdout, stderr } = await callBeat([...args, '--format', 'json'], { cwd: PROJECTS, env });
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^entry broken: not imported: its arguments in the table are not JSON: .*; correct them$/),
      'entry in-columns: note: django-celery-beat ignores in the settings of it: queue; beat sends it without, too; write them into the options in the file if you want them',
      'entry written-over: note: django-celery-beat ignores in the settings of it: countdown, expires; beat sends it without, too; write them into the options in the file if you want them',
    ]);
    const task = 'site_django.tasks.clean';
    expect((JSON.parse(stdout) as BeatConfig).beatSchedule).toEqual({
      clock: {
        task,
        schedule: { at: '2100-01-01T00:00:00.000Z' },
        options: { priority: 4 },
        lastRunAt: '2099-12-31T23:59:59.000Z',
      },
      later: { task, schedule: 300, options: { priority: 4 }, lastRunAt: INSTANT, from: '2099-01-01T00:00:00.000Z' },
      once: { task, schedule: { at: INSTANT }, options: { priority: 4 }, lastRunAt: INSTANT },
      off: { task, schedule: 300, options: { priority: 4 }, enabled: false, description: 'Not now.' },
      often: { task, schedule: 300, options: { priority: 4, expires: 60 }, lastRunAt: '2026-01-01T00:00:00.000Z' },
      tokyo: {
        task,
        schedule: { crontab: { minute: '0', hour: '9' } },
        timezone: 'Asia/Tokyo',
        args: [1],
        kwargs: { a: 2 },
        options: { priority: 4, queue: 'q', headers: { x: 1 } },
        lastRunAt: INSTANT,
      },
      'from-settings': {
        task,
        schedule: { crontab: { minute: 30, hour: 4 } },
        options: { priority: 4, queue: 'night' },
      },
      'written-over': {
        task,
        schedule: { crontab: { minute: 0, hour: 5 } },
        args: [3],
        options: { priority: 2, queue: 'night' },
        description: 'Kept.',
        lastRunAt: INSTANT,
      },
      'switched-off': { task, schedule: 60, options: { priority: 4 }, enabled: false, description: 'Later.' },
      'in-columns': { task, schedule: 60, options: { priority: 4, expires: 30 } },
    });
    expect(readFileSync(database).equals(before)).toBe(true);
    const byCelery = recordCelery(['site_django'], python, {
      ...env,
      SCHEDULER: 'django_celery_beat.schedulers:DatabaseScheduler',
    })('site_django');
    const config = JSON.parse(stdout) as BeatConfig;
    const due = ['from-settings', 'in-columns', 'often', 'tokyo', 'written-over'];
    const sent = Object.fromEntries(due.map((name) => [name, byCelery[name]!]));
    const expected = Object.entries(sent).map(
      ([name, { at, published }]) => [name, simplify(published[0]!, at, false)] as const,
    );
    expect(composeAll(config, sent)).toEqual(Object.fromEntries(expected));
  },
);

test.skipIf(noRedBeat)(
  noRedBeat || 'import celery: reads the entries of RedBeat beside those of the settings',
  async () => {
    await using redis = await RedisServer.start();
    const env = { CELERY_BROKER_URL: redis.url() };
    const { python } = findCelery(NEWEST)!;
    const filled = spawnSync(python, ['-B', 'red_beat.py'], {
      cwd: PROJECTS,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect(filled.status).toBe(0);
    const args = ['import', 'celery', '-A', 'red_beat', '--python', python, '--format', 'json'];
    const { code, stdout, stderr } = await callBeat(args, { cwd: PROJECTS, env });
    const removed =
      'entry removed: not imported: beat_schedule has it no more, so the next start of celery beat removes its key; add it to beat_schedule if it should run';
    expect({ code, stderr }).toEqual({ code: 1, stderr: removed });
    expect((JSON.parse(stdout) as BeatConfig).beatSchedule).toEqual({
      static: { task: 'tasks.static', schedule: 60 },
      dynamic: { task: 'tasks.dynamic', schedule: 90, args: [1], options: { queue: 'x' } },
      daily: { task: 'tasks.daily', schedule: { crontab: { minute: 5, hour: 3 } } },
      off: { task: 'tasks.off', schedule: 10, enabled: false },
      rule: { task: 'tasks.rule', schedule: { rrule: 'FREQ=DAILY', dtstart: INSTANT, timezone: 'UTC' } },
    });
  },
);

/** The beginning of a command line that imports with a Python that has loaded Celery. */
function forked(celery: Celery): string[] {
  return ['import', 'celery', '--python', forks.get(celery)!.python];
}

/** Imports an app in this process. */
async function importApp(app: string, python: string, folder: Folder): Promise<{ config: BeatConfig; stderr: string }> {
  const output = join(folder.path, 'beat.config.json');
  const args = ['import', 'celery', '-A', app, '--python', python, '-o', output, '--partial'];
  const { code, stderr } = await runCommandIn(PROJECTS, args);
  expect({ code, stderr }).toEqual({ code: 0, stderr });
  const { config } = readJson(readFileSync(output, 'utf8'), output);
  return { config: config as BeatConfig, stderr };
}

/** The entries that lines such as `entries a, b: different: …` name. */
function namesIn(stderr: string): string[] {
  return [...stderr.matchAll(/^entr(?:y|ies) (.+?): (?:not imported|different|note):/gm)].flatMap(([, names]) =>
    names!.split(', '),
  );
}

/** Returns what Celery's beat publishes for an app; throws the reason if it publishes nothing. */
type Recording = (app: string) => Sents;

function recordCelery(apps: readonly string[], python: string, env: NodeJS.ProcessEnv = {}): Recording {
  const { stdout, stderr } = spawnSync(python, [CELERY_SENDS, ...apps], {
    cwd: PROJECTS,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const recorded = lines.map((line) => JSON.parse(line) as { app: string; sent: Sents });
  return (app) => {
    const found = recorded.find((each) => each.app === app);
    if (!found) throw new Error(`${app}: ${stderr}`);
    return found.sent;
  };
}

/** What beat publishes for the entries at the same instants. */
function composeAll(config: BeatConfig, sent: Sents): Record<string, unknown> {
  const settings = resolveSettings(config);
  const { messageContext } = new LiveSettings(settings, { origin: 'beat', replyTo: 'beat' });
  return Object.fromEntries(
    Object.entries(sent).map(([name, { at }]) => {
      const entry = settings.entries.find((each) => each.name === name)!;
      const [message] = compose({ entry, dueAt: at }, at, messageContext).messages;
      const envelope = JSON.parse(encodeEnvelope(message!, 'tag')) as Envelope;
      const { exchange, routingKey } = message!.destination;
      const body = Buffer.from(envelope.body, 'base64');
      const text = envelope.headers['compression'] ? body.toString('base64') : body.toString();
      const published = { message: { ...envelope, body: text }, exchange, routing_key: routingKey };
      return [name, simplify(published, at, false)];
    }),
  );
}

/** Ids, and what only one of the two writes. */
const UNLIKE = [
  ...['id', 'root_id', 'correlation_id', 'delivery_tag', 'origin', 'lang', 'reply_to'],
  ...['celery_beat_task', 'periodic_task_name', 'beat_due_at', 'argsrepr', 'kwargsrepr'],
  ...['delivery_info', 'body_encoding'],
];

function without(map: Readonly<Record<string, unknown>>, names: readonly string[]) {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}

/** Without ids and what only one of the two writes; relative times as such. */
function simplify({ message, exchange, routing_key: key }: Published, at: number, undecided: unknown): unknown {
  const shared = without(message.headers, UNLIKE);
  const properties = without(message.properties, UNLIKE);
  const body = shared['compression'] ? inflateSync(Buffer.from(message.body, 'base64')).toString() : message.body;
  return {
    exchange,
    key,
    body: JSON.parse(body) as unknown,
    type: [message['content-type'], message['content-encoding']],
    headers: {
      ...shared,
      eta: relative(shared['eta'], at),
      expires: relative(shared['expires'], at),
      // Without a value the task's own setting counts, which by default is that of the app.
      ignore_result: shared['ignore_result'] ?? undecided,
      // Older versions do not have these.
      replaced_task_nesting: shared['replaced_task_nesting'] ?? 0,
      stamped_headers: shared['stamped_headers'] ?? null,
      stamps: shared['stamps'] ?? {},
    },
    properties: {
      ...properties,
      // Kept for absolute instants too, which change with the time of sending.
      expiration: properties['expiration'] === undefined ? null : round(Number(properties['expiration'])),
    },
  };
}

function relative(instant: unknown, at: number): number | null {
  if (typeof instant !== 'string') return null;
  return round(Date.parse(/[+-]\d\d:\d\d$/.test(instant) ? instant : `${instant}Z`) - at);
}

/** Celery reads the clock some milliseconds after the record of the instant. */
function round(ms: number): number {
  return Math.floor((ms + 500) / 2_000);
}
