import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import { runCommandIn, type CommandOutput } from '../support/command.ts';
import { Folder } from '../support/folder.ts';

const CONFIG = `
timezone: Europe/Oslo
beatSchedule:
  nightly-report:
    task: reports.nightly
    schedule: { crontab: { minute: 30, hour: 2 } }
  quick:
    task: tasks.quick
    schedule: 0.2
  retired:
    task: tasks.retired
    schedule: { cron: '0 8 * * mon', timezone: Asia/Tokyo }
    enabled: false
`;

const WRONG = `
timezon: UTC
beatSchedule:
  report:
    task: reports.nightly
    schedule: { crontab: { minute: 60 } }
  february:
    schedule: { cron: '0 0 30 2 *' }
`;

let folder: Folder;
beforeAll(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG, 'wrong.yaml': WRONG });
});
afterAll(() => folder[Symbol.dispose]());

/** Runs a command in this process. */
const beat = (...args: string[]): Promise<CommandOutput> => runCommandIn(folder.path, args);
/** Runs the built command. */
const spawnBeat = (...args: string[]) => runBeat(args, { cwd: folder.path });
const jsonLines = ({ stdout }: CommandOutput): unknown[] =>
  stdout.split('\n').map((line) => JSON.parse(line) as unknown);

test('beat --help: shows commands, flags, examples, environment and exit codes', async () => {
  const { code, stdout, stderr } = await spawnBeat('--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const command of ['start', 'check', 'list', 'next', 'healthcheck']) {
    expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  }
  for (const word of ['--config', '--broker', '--loglevel', '--log-format', '--version']) {
    expect(stdout).toContain(word);
  }
  for (const heading of ['Examples:', 'Environment', 'Exit codes:', '_FILE']) {
    expect(stdout).toContain(heading);
  }
});

test('beat --version: prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await spawnBeat('--version')).toMatchObject({ code: 0, stdout: version, stderr: '' });
});

test.each([
  { args: ['--brokr', 'memory://'], says: '--brokr' },
  { args: ['strat'], says: 'unknown subcommand "strat"; did you mean "start"?' },
  { args: ['start', 'now'], says: 'unknown subcommand "now"; allowed: start, worker, check' },
  { args: ['next', '-n', '0'], says: 'from 1 to 100,000, got "0"' },
  { args: ['next', '--timezone', 'Europe/Osl'], says: 'did you mean "Europe/Oslo"' },
  { args: ['next', '--after', 'soon'], says: '"soon"' },
  { args: ['-l', 'inf'], says: 'did you mean "info"' },
  { args: ['--log-format', 'xml'], says: 'json, text' },
  { args: ['-c', 'nowhere.yaml'], says: 'nowhere.yaml' },
  { args: ['-b', 'rediss+tcp://host'], says: 'rediss+tcp' },
])('command line: rejects with exit code 2: beat $args', async ({ args, says }) => {
  const { code, stdout, stderr } = await beat(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('beat check: exits with 0 for a valid configuration', async () => {
  expect(await spawnBeat('check')).toMatchObject({
    code: 0,
    stdout: 'beat.config.yaml: 3 entries and celery.backend_cleanup as in Celery, no errors',
    stderr: '',
  });
  const answer = await beat('check', '--json');
  const installed = ['celery.backend_cleanup'];
  expect(jsonLines(answer)).toEqual([{ ok: true, files: ['beat.config.yaml'], entries: 3, installed, notes: [] }]);
});

test('beat check: exits with 2 and lists all errors with file and line', async () => {
  const { code, stdout, stderr } = await beat('check', '-c', 'wrong.yaml');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^wrong\.yaml:2: timezon\b.*timezone/m);
  expect(stderr).toMatch(/^wrong\.yaml:6: beatSchedule\.report\.schedule\.crontab\.minute: .*60/m);
  expect(stderr).toMatch(/^wrong\.yaml:\d: beatSchedule\.february\.task: /m);
  expect(stderr).toMatch(/^wrong\.yaml:8: beatSchedule\.february\.schedule.*: /m);
});

test('beat check: prints errors as JSON with --json', async () => {
  const answer = await beat('check', '-c', 'wrong.yaml', '--json');
  expect(answer.code).toBe(2);
  const [{ ok, errors }] = jsonLines(answer) as [{ ok: boolean; errors: object[] }];
  expect(ok).toBe(false);
  expect(errors).toContainEqual(
    expect.objectContaining({
      file: 'wrong.yaml',
      line: 6,
      path: ['beatSchedule', 'report', 'schedule', 'crontab', 'minute'],
    }),
  );
});

test.each([
  ['redis://localhost/first', 'brokerUrl: database "first" is not a number'],
  ['sqla+sqlite://', 'brokerUrl: workers cannot read a database in memory'],
])('beat check: rejects the URL %s', async (url, says) => {
  const { code, stderr } = await beat('check', '-b', url);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) as string });
});

test('beat start: exits with 2 and the errors of beat check, and sends nothing', async () => {
  const checked = await spawnBeat('check', '-c', 'wrong.yaml');
  const started = await spawnBeat('-c', 'wrong.yaml', '-b', 'sqla+sqlite:///unused.sqlite');
  expect(started).toMatchObject({ code: 2, stdout: '', stderr: checked.stderr });
  expect(existsSync(join(folder.path, 'unused.sqlite'))).toBe(false);
});

test('beat next: shows instants in the zone of each entry, across a clock change', async () => {
  const names = ['nightly-report', 'retired'];
  const { code, stdout } = await beat('next', ...names, '-n', '3', '--after', '2027-03-27');
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    '2027-03-27 02:30:00 +01:00 Europe/Oslo  nightly-report',
    '2027-03-28 03:00:00 +02:00 Europe/Oslo  nightly-report',
    '2027-03-29 08:00:00 +09:00 Asia/Tokyo  retired',
    '2027-03-29 02:30:00 +02:00 Europe/Oslo  nightly-report',
    '2027-04-05 08:00:00 +09:00 Asia/Tokyo  retired',
    '2027-04-12 08:00:00 +09:00 Asia/Tokyo  retired',
  ]);
});

test('beat next: uses the zone of --timezone for the output and for --after', async () => {
  const zone = ['--timezone', 'Asia/Tokyo', '--after', '2027-01-04T08:00'];
  const { stdout } = await beat('next', 'retired', '-n', '1', ...zone);
  expect(stdout).toBe('2027-01-11 08:00:00 +09:00 Asia/Tokyo  retired');
});

test('beat next: prints JSON lines in UTC, in order of time, -n per entry', async () => {
  const after = ['--after', '2027-01-31T01:29:59.900Z'];
  const answer = await beat('next', '--json', '-n', '2', ...after);
  expect(answer.code).toBe(0);
  expect(jsonLines(answer)).toEqual([
    { entry: 'nightly-report', dueAt: '2027-01-31T01:30:00.000Z' },
    { entry: 'quick', dueAt: '2027-01-31T01:30:00.100Z' },
    { entry: 'quick', dueAt: '2027-01-31T01:30:00.300Z' },
    { entry: 'celery.backend_cleanup', dueAt: '2027-01-31T03:00:00.000Z' },
    { entry: 'nightly-report', dueAt: '2027-02-01T01:30:00.000Z' },
    { entry: 'celery.backend_cleanup', dueAt: '2027-02-01T03:00:00.000Z' },
  ]);
});

test('beat next: rejects an unknown name and suggests the closest one', async () => {
  expect(await beat('next', 'nightly-reprot')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'no entry "nightly-reprot"; did you mean "nightly-report"?',
  });
});

test('beat list: shows all entries before the first run, and writes nothing', async () => {
  const { code, stdout } = await beat('list', '-b', 'sqla+sqlite:///fresh.sqlite');
  expect(code).toBe(0);
  const [heading, ...rows] = stdout.split('\n');
  const columns = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
  expect(heading?.split(/ {2,}/)).toEqual(columns);
  const starts = columns.map((name) => heading!.indexOf(name));
  const cells = rows.map((row) => starts.map((start, i) => row.slice(start, starts[i + 1]).trimEnd()));
  const next = (end: string) => expect.stringMatching(`^20\\d\\d-\\d\\d-\\d\\d ${end}$`) as string;
  const at2 = next('02:30:00 \\+0[12]:00 Europe/Oslo');
  expect(cells).toEqual([
    ['nightly-report', 'reports.nightly', 'at 02:30', 'never', '0', at2],
    ['quick', 'tasks.quick', 'every 200 milliseconds', 'never', '0', next('.* Europe/Oslo')],
    ['retired', 'tasks.retired', 'at 08:00, only on Monday', 'never', '0', 'disabled'],
    [
      ...['celery.backend_cleanup', 'celery.backend_cleanup', 'at 04:00', 'never', '0'],
      next('04:00:00 \\+0[12]:00 Europe/Oslo'),
    ],
  ]);
  expect(existsSync(join(folder.path, 'fresh.sqlite'))).toBe(false);
});

test('beat list: shows the number of runs and the last one of each entry', async () => {
  const used = ['-b', 'sqla+sqlite:///used.sqlite'];
  await using running = new BeatProcess({ cwd: folder.path, args: used });
  await running.waitForRuns(3);
  await running.stop();
  const last = running.sent.at(-1)!;

  const rows = jsonLines(await beat('list', '--json', ...used));
  const quick = rows.find((row) => (row as { entry: string }).entry === 'quick');
  expect(quick).toMatchObject({
    task: 'tasks.quick',
    timezone: null,
    enabled: true,
    lastSentAt: new Date(Date.parse(last.dueAt) + last.latenessMs).toISOString(),
    runCount: running.sent.length,
    nextDueAt: new Date(Date.parse(last.dueAt) + 200).toISOString(),
  });
  expect(rows[2]).toMatchObject({ entry: 'retired', enabled: false, nextDueAt: null });
});

test('beat list: exits with 1 if the ledger is unreachable, and still shows the entries', async () => {
  const { code, stdout, stderr } = await spawnBeat('list', '-b', 'redis://127.0.0.1:1/0');
  expect(code).toBe(1);
  expect(stdout.split('\n')).toHaveLength(5);
  expect(stderr).toContain('the ledger is unreachable');
});

const old = oldNode();
test.skipIf(old === null)(
  old === null ? 'no Node below 22.18 on this machine' : 'beat: rejects it with one line and exit code 2',
  async () => {
    const { code, stdout, stderr } = await runBeat(['check'], { cwd: folder.path, node: old! });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^beat needs Node 22\.18 or newer; this is Node \d+\.\d+\.\d+$/);
  },
);

/** Finds an older Node on this host, which cannot run beat. */
function oldNode(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const nodes = folders.map((path) => join(path, 'node')).filter((path) => existsSync(path));
  const isOld = (path: string) => {
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const [major = 0, minor = 0] = stdout.replace('v', '').split('.').map(Number);
    return major > 0 && (major < 22 || (major === 22 && minor < 18));
  };
  return nodes.find(isOld) ?? null;
}
