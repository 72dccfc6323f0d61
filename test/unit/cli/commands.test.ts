import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/util/clock.ts';
import { runCommand } from '../../support/command.ts';
import { Folder } from '../../support/folder.ts';

const CONFIG = `
timezone: Europe/Oslo
resultExpires: null
beatSchedule:
  nightly-report: { task: reports.nightly, schedule: { crontab: { minute: 30, hour: 2 } } }
  tokyo: { task: tasks.tokyo, schedule: { cron: '0 8 * * mon', timezone: Asia/Tokyo } }
  retired: { task: tasks.retired, schedule: 1h, enabled: false }
`;

const WRONG = `
beatSchedule:
  report: { task: reports.nightly, schedule: { crontab: { minute: 60 } } }
  february: { schedule: 5 }
`;

const INTERVALS = `
resultExpires: null
beatSchedule:
  slow: { task: t, schedule: 0.3 }
  quick: { task: t, schedule: 0.2 }
`;

let folder: Folder;
let before: string;
beforeEach(() => {
  folder = new Folder({
    'beat.config.yaml': CONFIG,
    'wrong.yaml': WRONG,
    'intervals.yaml': INTERVALS,
  });
  before = process.cwd();
  process.chdir(folder.path);
});
afterEach(() => {
  process.chdir(before);
  folder[Symbol.dispose]();
});

const lines = (text: string) => text.trimEnd().split('\n');
const json = (text: string) => lines(text).map((line) => JSON.parse(line) as unknown);

describe('beat next', () => {
  const next = async (...args: string[]) => runCommand('next', '--after', '2027-03-27', ...args);

  it('shows each entry in its own zone, in the order of time', async () => {
    expect(await next('-n', '2')).toEqual({
      code: 0,
      stderr: '',
      stdout:
        '2027-03-27 02:30:00 +01:00 Europe/Oslo  nightly-report\n' +
        '2027-03-28 03:00:00 +02:00 Europe/Oslo  nightly-report\n' +
        '2027-03-29 08:00:00 +09:00 Asia/Tokyo  tokyo\n' +
        '2027-04-05 08:00:00 +09:00 Asia/Tokyo  tokyo\n',
    });
  });

  it('shows all of them in the zone of --timezone, which --after is read in as well', async () => {
    const { stdout } = await next('-n', '1', '--timezone', 'America/New_York', 'tokyo');
    expect(stdout).toBe('2027-03-28 19:00:00 -04:00 America/New_York  tokyo\n');
    const exact = await runCommand(
      ...['next', 'tokyo', '-n', '1', '--json'],
      ...['--timezone', 'Asia/Tokyo', '--after', '2027-03-29T08:00'],
    );
    expect(json(exact.stdout)).toEqual([{ entry: 'tokyo', dueAt: '2027-04-04T23:00:00.000Z' }]);
  });

  it('shows five instants of every enabled entry unless told otherwise', async () => {
    const { stdout } = await next();
    const names = lines(stdout).map((line) => line.split('  ')[1]);
    expect(names.filter((name) => name === 'nightly-report')).toHaveLength(5);
    expect(names.filter((name) => name === 'tokyo')).toHaveLength(5);
    expect(new Set(names).size).toBe(2);
  });

  it('shows a disabled entry that is named, and none that is not', async () => {
    const { stdout } = await next('retired', 'tokyo', '-n', '1');
    expect(lines(stdout)).toEqual([
      '2027-03-27 01:00:00 +01:00 Europe/Oslo  retired',
      '2027-03-29 08:00:00 +09:00 Asia/Tokyo  tokyo',
    ]);
  });

  it('counts from now without --after', async () => {
    const now = systemClock.now();
    const { stdout } = await runCommand(
      'next',
      '-c',
      'intervals.yaml',
      '-n',
      '1',
      '--json',
      'quick',
    );
    const [{ dueAt }] = json(stdout) as [{ dueAt: string }];
    expect(Date.parse(dueAt)).toBeGreaterThan(now);
    expect(Date.parse(dueAt)).toBeLessThanOrEqual(systemClock.now() + 200);
  });

  it.each([
    [['-n', '0'], '-n takes a whole number from 1 to 100000, not "0"'],
    [['-n', '1.5'], '-n takes a whole number from 1 to 100000, not "1.5"'],
    [['-n', '100001'], '-n takes a whole number from 1 to 100000, not "100001"'],
    [['-n', 'many'], '-n takes a whole number from 1 to 100000, not "many"'],
    [['--timezone', 'Europe/Osl'], 'did you mean "Europe/Oslo"?'],
    [['--after', 'soon'], '--after takes an ISO 8601 instant like 2027-01-31T08:00, not "soon"'],
    [['nightly-reprot'], 'no entry "nightly-reprot", did you mean "nightly-report"?'],
    [['zzz', 'tokio'], 'no entry "zzz"\nno entry "tokio", did you mean "tokyo"?'],
  ])('exits 2 and says what is wrong: %o', async (args, says) => {
    const { code, stdout, stderr } = await runCommand('next', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
  });

  it('takes 100000 instants', async () => {
    const after = ['--after', '2027-01-01'];
    const args = ['-c', 'intervals.yaml', '-n', '100000', '--json', 'quick', ...after];
    const { code, stdout } = await runCommand('next', ...args);
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(100_000);
  });
});

describe('beat check', () => {
  it('counts the entries, and exits 0', async () => {
    expect(await runCommand('check')).toEqual({
      code: 0,
      stdout: 'beat.config.yaml: 3 entries, no errors\n',
      stderr: '',
    });
    folder.write('one.yaml', 'beatSchedule: { a: { task: t, schedule: 5 } }');
    expect(await runCommand('check', '-c', 'one.yaml')).toMatchObject({
      stdout: 'one.yaml: 1 entry and celery.backend_cleanup as in Celery, no errors\n',
    });
  });

  it('prints warnings of flags and configuration on standard error, or all of it as JSON', async () => {
    folder.write('loud.yaml', 'brokerUrl: memory://\ntaskSendSentEvent: true\nbeatSchedule: {}');
    const args = ['-c', 'loud.yaml', '-A', 'proj'];
    const { code, stdout, stderr } = await runCommand('check', ...args);
    expect({ code, stdout: stdout.split(',')[0] }).toMatchObject({ code: 0 });
    const warnings = lines(stderr);
    expect(warnings[0]).toBe(
      '--app proj is not needed: beat reads its configuration, and no Python app',
    );
    expect(warnings[1]).toMatch(/^taskSendSentEvent: no events are sent/);
    const machine = await runCommand('check', '--json', ...args);
    expect(machine).toMatchObject({ code: 0, stderr: '' });
    expect(json(machine.stdout)).toMatchObject([
      {
        ok: true,
        files: ['loud.yaml'],
        entries: 0,
        notes: [{ path: [] }, { path: ['taskSendSentEvent'] }],
      },
    ]);
  });

  it('exits 2 with every error, as JSON on standard output where asked to', async () => {
    const { code, stdout, stderr } = await runCommand('check', '-c', 'wrong.yaml');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^wrong\.yaml:3: beatSchedule\.report\.schedule\.crontab\.minute: /),
      expect.stringMatching(/^wrong\.yaml:4: beatSchedule\.february\.task: /),
    ]);
    const machine = await runCommand('check', '--json', '-c', 'wrong.yaml');
    expect(machine).toMatchObject({ code: 2, stderr: '' });
    expect(json(machine.stdout)).toMatchObject([
      { ok: false, errors: [{ file: 'wrong.yaml', line: 3 }, { line: 4 }] },
    ]);
  });

  it.each([
    [['-b', 'redis://localhost/first']],
    [['-b', 'nothing://host']],
    [['--state', 'amqp://host']],
  ])('exits 2 for a URL that leads nowhere: %o', async (args) => {
    expect(await runCommand('check', ...args)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('beat list', () => {
  it('has aligned columns, with each entry in its own zone', async () => {
    const { code, stdout, stderr } = await runCommand('list', '-b', 'memory://');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [heading = '', ...rows] = lines(stdout);
    const columns = ['ENTRY', 'TASK', 'SCHEDULE', 'LAST SENT', 'RUNS', 'NEXT DUE'];
    const starts = columns.map((name) => heading.indexOf(name));
    const cells = rows.map((row) =>
      starts.map((start, i) => row.slice(start, starts[i + 1]).trimEnd()),
    );
    const instant = (offset: string) => expect.stringMatching(`^20\\d\\d-.*${offset}$`) as string;
    expect(cells).toEqual([
      [
        ...['nightly-report', 'reports.nightly', 'at 02:30', 'never', '0'],
        instant('02:30:00 .* Europe/Oslo'),
      ],
      [
        ...['tokyo', 'tasks.tokyo', 'at 08:00, only on Monday', 'never', '0'],
        instant('08:00:00 .09:00 Asia/Tokyo'),
      ],
      ['retired', 'tasks.retired', 'every hour', 'never', '0', 'disabled'],
    ]);
  });

  it('has one JSON line for each entry', async () => {
    const { stdout } = await runCommand('list', '--json', '-b', 'memory://');
    const rows = json(stdout) as { entry: string }[];
    expect(rows.find(({ entry }) => entry === 'retired')).toEqual({
      entry: 'retired',
      task: 'tasks.retired',
      schedule: 'every hour',
      timezone: null,
      enabled: false,
      lastSentAt: null,
      runCount: 0,
      nextDueAt: null,
    });
    expect(rows.find(({ entry }) => entry === 'tokyo')).toMatchObject({
      timezone: 'Asia/Tokyo',
      enabled: true,
      nextDueAt: expect.stringMatching(/T23:00:00\.000Z$/) as string,
    });
  });

  it('exits 1 and shows the entries where the ledger is out of reach', async () => {
    const { code, stdout, stderr } = await runCommand('list', '-b', 'redis://127.0.0.1:1');
    expect(code).toBe(1);
    expect(lines(stdout)).toHaveLength(4);
    expect(stderr).toMatch(/^beat: the ledger is out of reach, so what was sent is unknown: ./);
  });

  it('exits 2 for a configuration with errors', async () => {
    expect(await runCommand('list', '-c', 'wrong.yaml')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('the command line', () => {
  it('exits 0 after --help and --version', async () => {
    const help = await runCommand('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const text of [
      'check',
      'list',
      'next',
      'healthcheck',
      'Exit codes: 0 done, 1 failure, 2',
    ]) {
      expect(help.stdout).toContain(text);
    }
    const { code, stdout } = await runCommand('--version');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['--brokr', 'x'], '--brokr'],
    [['check', 'more'], 'too many arguments'],
    [['strat'], 'unknown command "strat"; did you mean "start"?'],
    [['-l', 'inf'], 'the log level "inf" is unknown, did you mean "info"?; allowed: debug, info'],
    [['beat', '-l', 'inf'], 'the log level "inf" is unknown'],
    [['--log-format', 'xml'], 'the log format "xml" is unknown; allowed: json, text'],
    [['-c', 'nowhere.yaml'], 'nowhere.yaml'],
    [['--umask', '089', 'check'], '--umask takes an octal number'],
    [['--workdir', 'nowhere', 'check'], '--workdir: cannot go to "nowhere": ENOENT'],
  ])('exits 2 for wrong usage, and says what is wrong: beat %o', async (args, says) => {
    const { code, stdout, stderr } = await runCommand(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('takes all flags of celery beat, and says of each that is not needed why', async () => {
    const flags = [
      ...['-A', 'proj', '-s', '/var/beat-schedule', '-S', 'celery.beat:PersistentScheduler'],
      ...['--max-interval', '5', '--loader', 'app', '--executable', '/usr/bin/python3'],
      ...['--skip-checks', '-C', '-q', '--uid', '', '--gid=', '--umask', '22'],
    ];
    const { code, stderr } = await runCommand(...flags, 'check', '--pidfile', 'x', '-f', 'y.log');
    expect(code).toBe(0);
    const named = lines(stderr).map((line) => line.split(' ')[0]);
    expect(named).toEqual([
      ...['--app', '--loader', '--schedule', '--scheduler', '--max-interval', '--executable'],
      ...['--skip-checks', '--umask'],
    ]);
  });

  it('takes its flags before and after the command, and --workdir before anything is read', async () => {
    process.chdir(before);
    for (const args of [
      ['--workdir', folder.path, 'next', '-n', '1', 'tokyo', '--json'],
      ['next', '-n', '1', '--workdir', folder.path, 'tokyo', '--json'],
    ]) {
      const { code, stdout } = await runCommand(...args);
      expect({ code, entries: json(stdout) }).toMatchObject({
        code: 0,
        entries: [{ entry: 'tokyo' }],
      });
    }
  });

  it('exits 2 where a configuration throws, and says what and where', async () => {
    folder.write('broken.config.mjs', `throw new TypeError('mine');`);
    const { code, stderr } = await runCommand('check', '-c', 'broken.config.mjs');
    expect(code).toBe(2);
    expect(stderr).toBe('broken.config.mjs:1: TypeError: mine\n');
  });
});
