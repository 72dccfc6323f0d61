import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BeatProcess, runBeat, type CommandResult } from '../support/beat-process.ts';
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

const beat = (...args: string[]): Promise<CommandResult> => runBeat(args, { cwd: folder.path });
const jsonLines = ({ stdout }: CommandResult): unknown[] =>
  stdout.split('\n').map((line) => JSON.parse(line) as unknown);

describe('help', () => {
  it('shows commands, flags, examples, environment and exit codes', async () => {
    const { code, stdout, stderr } = await beat('--help');
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

  it('names the version of the package', async () => {
    const { version } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as { version: string };
    expect(await beat('--version')).toMatchObject({ code: 0, stdout: version, stderr: '' });
  });

  it.each([
    { args: ['--brokr', 'memory://'], says: '--brokr' },
    { args: ['strat'], says: 'unknown command "strat"; did you mean "start"?' },
    { args: ['start', 'now'], says: 'unknown command "now"; allowed: start, check' },
    { args: ['next', '-n', '0'], says: 'from 1 to 100000, not "0"' },
    { args: ['next', '--timezone', 'Europe/Osl'], says: 'did you mean "Europe/Oslo"' },
    { args: ['next', '--after', 'soon'], says: '"soon"' },
    { args: ['-l', 'inf'], says: 'did you mean "info"' },
    { args: ['--log-format', 'xml'], says: 'json, text' },
    { args: ['-c', 'nowhere.yaml'], says: 'nowhere.yaml' },
    { args: ['-b', 'rediss+tcp://host'], says: 'rediss+tcp' },
  ])('exits 2 and says what is wrong: beat $args', async ({ args, says }) => {
    const { code, stdout, stderr } = await beat(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('check', () => {
  it('exits 0 for a configuration that can be used', async () => {
    expect(await beat('check')).toMatchObject({
      code: 0,
      stdout: 'beat.config.yaml: 3 entries and celery.backend_cleanup as in Celery, no errors',
      stderr: '',
    });
    const answer = await beat('check', '--json');
    const installed = ['celery.backend_cleanup'];
    expect(jsonLines(answer)).toEqual([
      { ok: true, files: ['beat.config.yaml'], entries: 3, installed, notes: [] },
    ]);
  });

  it('exits 2 and lists every error at once, with file and line', async () => {
    const { code, stdout, stderr } = await beat('check', '-c', 'wrong.yaml');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^wrong\.yaml:2: timezon\b.*timezone/m);
    expect(stderr).toMatch(
      /^wrong\.yaml:6: beatSchedule\.report\.schedule\.crontab\.minute: .*60/m,
    );
    expect(stderr).toMatch(/^wrong\.yaml:\d: beatSchedule\.february\.task: /m);
    expect(stderr).toMatch(/^wrong\.yaml:8: beatSchedule\.february\.schedule.*: /m);
  });

  it('tells them as JSON for machines', async () => {
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

  it.each([
    ['redis://localhost/first', 'brokerUrl: "first" is no database; allowed is a number'],
    ['sqla+sqlite://', 'brokerUrl: a database in memory is seen by no worker'],
  ])('knows where %s leads: nowhere', async (url, says) => {
    const { code, stderr } = await beat('check', '-b', url);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) as string });
  });

  it('is what a start does first: it exits 2 with the same errors and sends nothing', async () => {
    const checked = await beat('check', '-c', 'wrong.yaml');
    const started = await beat('-c', 'wrong.yaml', '-b', 'sqla+sqlite:///unused.sqlite');
    expect(started).toMatchObject({ code: 2, stdout: '', stderr: checked.stderr });
    expect(existsSync(join(folder.path, 'unused.sqlite'))).toBe(false);
  });
});

describe('next', () => {
  it('shows the coming instants in the zone of each entry, over a change of its clocks', async () => {
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

  it('tells them in another zone when asked to, in which it reads --after too', async () => {
    const zone = ['--timezone', 'Asia/Tokyo', '--after', '2027-01-04T08:00'];
    const { stdout } = await beat('next', 'retired', '-n', '1', ...zone);
    expect(stdout).toBe('2027-01-11 08:00:00 +09:00 Asia/Tokyo  retired');
  });

  it('prints JSON lines in UTC, in the order of time, as many as asked for of each entry', async () => {
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

  it('exits 2 for a name that no entry has, with the one that was meant', async () => {
    expect(await beat('next', 'nightly-reprot')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'no entry "nightly-reprot", did you mean "nightly-report"?',
    });
  });
});

describe('list', () => {
  it('shows every entry before anything was sent, and writes nothing', async () => {
    const { code, stdout } = await beat('list', '-b', 'sqla+sqlite:///fresh.sqlite');
    expect(code).toBe(0);
    const [heading, ...rows] = stdout.split('\n');
    const columns = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
    expect(heading?.split(/ {2,}/)).toEqual(columns);
    const starts = columns.map((name) => heading!.indexOf(name));
    const cells = rows.map((row) =>
      starts.map((start, i) => row.slice(start, starts[i + 1]).trimEnd()),
    );
    const next = (end: string) =>
      expect.stringMatching(`^20\\d\\d-\\d\\d-\\d\\d ${end}$`) as string;
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

  it('shows afterwards how often and when each was sent', async () => {
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

  it('exits 1 when the ledger is out of reach, and shows what it can', async () => {
    const { code, stdout, stderr } = await beat('list', '-b', 'redis://127.0.0.1:1/0');
    expect(code).toBe(1);
    expect(stdout.split('\n')).toHaveLength(5);
    expect(stderr).toContain('the ledger is out of reach');
  });
});

describe('an old Node', () => {
  const old = oldNode();
  it.skipIf(old === null)(
    old === null
      ? 'no Node below 22.18 on this machine'
      : 'is refused in one line, with exit code 2',
    async () => {
      const { code, stdout, stderr } = await runBeat(['check'], { cwd: folder.path, node: old! });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^beat needs Node 22\.18 or newer; this is Node \d+\.\d+\.\d+$/);
    },
  );
});

/** A Node that a host may well have, and that cannot run beat. */
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
