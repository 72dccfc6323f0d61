import { expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { ConfigFolder, parseJsonLines, splitLines } from '../../support/config-folder.ts';

const folder = new ConfigFolder();

test('command line: --help and --version exit with 0', async () => {
  const help = await runCommand('--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const text of ['check', 'list', 'next', 'healthcheck', 'Exit codes: 0 success, 1 failure, 2']) {
    expect(help.stdout).toContain(text);
  }
  const { code, stdout } = await runCommand('--version');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each<[command: string, own: string[], global: string[]]>([
  ['check', ['--json'], ['--config', '--broker', '--state', '--result-backend']],
  ['list', ['--search', '--json'], ['--config', '--broker', '--state']],
  ['next', ['--count', '--after', '--timezone', '--json'], ['--config']],
  ['forget', ['--quoted', '--history', '--audit', '--outbox'], ['--config', '--broker', '--state']],
  ['run', ['--reason', '--no-wait', '--json'], ['--config', '--broker', '--state']],
  ['healthcheck', ['--liveness'], []],
  ['import', [], []],
  [
    'worker',
    ['--concurrency', '--queues', '--allow', '--acks'],
    [
      ...['--config', '--broker', '--result-backend', '--loglevel', '--log-format'],
      ...['--detach', '--logfile', '--pidfile', '--uid', '--gid', '--umask', '--workdir'],
    ],
  ],
])('command line: beat %s --help shows the flags that matter to it', async (command, own, global) => {
  const { code, stdout } = await runCommand(command, '--help');
  expect(code).toBe(0);
  const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
  expect(flags).toEqual([...own, ...global, '--help'].toSorted((a, b) => flags.indexOf(a) - flags.indexOf(b)));
  expect(stdout).toContain('The flags of beat --help are accepted here too.');
});

test('command line: beat start --help shows every flag', async () => {
  const { stdout } = await runCommand('start', '--help');
  for (const flag of ['--config', '--loglevel', '--pidfile', '--app', '--watch', '--hostname']) {
    expect(stdout).toContain(` ${flag} `);
  }
});

test.each([
  [['--brokr', 'x'], '--brokr'],
  [['check', 'more'], 'too many arguments'],
  [['strat'], 'unknown subcommand "strat"; did you mean "start"?'],
  [['-l', 'inf'], 'the log level "inf" is unknown, did you mean "info"?; allowed: debug, info'],
  [['beat', '-l', 'inf'], 'the log level "inf" is unknown'],
  [['--log-format', 'xml'], 'the log format "xml" is unknown; allowed: json, text'],
  [['-c', 'nowhere.yaml'], 'nowhere.yaml'],
  [['--umask', '089', 'check'], '--umask: expected an octal number'],
  [['--workdir', 'nowhere', 'check'], '--workdir: cannot change to "nowhere": ENOENT'],
])('command line: rejects wrong usage with exit code 2: beat %o', async (args, says) => {
  const { code, stdout, stderr } = await runCommand(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('command line: accepts all flags of celery beat and explains each ignored one', async () => {
  const flags = [
    ...['-A', 'proj', '-s', '/var/beat-schedule', '-S', 'celery.beat:PersistentScheduler'],
    ...['--max-interval', '5', '--loader', 'app', '--executable', '/usr/bin/python3'],
    ...['--skip-checks', '-C', '-q', '--uid', '', '--gid=', '--umask', '22'],
  ];
  const { code, stderr } = await runCommand(...flags, 'check', '--pidfile', 'x', '-f', 'y.log');
  expect(code).toBe(0);
  const named = splitLines(stderr).map((line) => line.split(' ')[0]);
  expect(named).toEqual([
    ...['--app', '--loader', '--schedule', '--scheduler', '--max-interval', '--executable'],
    ...['--skip-checks', '--umask'],
  ]);
});

test('command line: accepts flags before and after the command, and applies --workdir first', async () => {
  process.chdir(folder.outside);
  for (const args of [
    ['--workdir', folder.path, 'next', '-n', '1', 'tokyo', '--json'],
    ['next', '-n', '1', '--workdir', folder.path, 'tokyo', '--json'],
  ]) {
    const { code, stdout } = await runCommand(...args);
    expect({ code, entries: parseJsonLines(stdout) }).toMatchObject({ code: 0, entries: [{ entry: 'tokyo' }] });
  }
});

test('command line: exits with 2 and the location of the error if a configuration throws', async () => {
  folder.write('broken.config.mjs', `throw new TypeError('mine');`);
  const { code, stderr } = await runCommand('check', '-c', 'broken.config.mjs');
  expect(code).toBe(2);
  expect(stderr).toBe('broken.config.mjs:1: TypeError: mine\n');
});
