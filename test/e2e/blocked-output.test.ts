import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUILT, type LogLine } from '../support/beat-process.ts';
import { Child, type Exit } from '../support/child.ts';
import { Detached } from '../support/detached.ts';
import { Fifo } from '../support/fifo.ts';
import { Folder } from '../support/folder.ts';
import { waitForChange } from '../support/log-file.ts';
import { SqliteQueue } from '../support/sqlite-queue.ts';

const CONFIG = `
brokerUrl: sqla+sqlite:///queues.sqlite
lock: { ttl: 1s }
beatSchedule:
  quick: { task: tasks.quick, schedule: 0.1 }
`;

/** The command, quoted for a shell. */
const BEAT = `'${process.execPath}' '${BUILT}'`;

let folder: Folder;
let cwd: string;
let queue: SqliteQueue;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
  queue = new SqliteQueue(at('queues.sqlite'));
});
afterEach(() => folder[Symbol.dispose]());

const at = (name: string) => join(cwd, name);

/** Runs a shell command that replaces the shell by beat, with redirections. */
function shell(command: string, { errors = [] as string[] } = {}): Child {
  const lines = { 1: () => {}, 2: (line: string) => void errors.push(line) };
  return new Child('sh', ['-c', command], { cwd, lines });
}

const STREAMS = [
  ['standard output', '-f /dev/stdout', '>'],
  ['standard error', '-f /dev/stderr', '2>'],
] as const;
const FORMATS = ['json', 'text'] as const;
const CASES = STREAMS.flatMap(([name, flag, to]) =>
  FORMATS.map((format) => ({ name, format, to, args: `${flag} --log-format ${format} -l debug` })),
);
const STOPPED: Exit = { code: 0, signal: null };

test.skipIf(process.platform !== 'linux').each(CASES)(
  'while $name ($format) is a full device',
  async ({ to, args }) => {
    await using beat = shell(`exec ${BEAT} ${args} ${to} /dev/full`);
    await queue.waitForMessages(3);
    expect(await beat.stop()).toEqual(STOPPED);
    expect(queue.locks).toEqual([]);
  },
);

test.each(CASES)('while the reader of $name ($format) does not read', async ({ to, args }) => {
  using pipe = new Fifo(at('pipe'));
  pipe.fill();
  await using beat = shell(`exec ${BEAT} ${args} ${to} pipe`);
  await queue.waitForMessages(3);
  expect(await beat.stop()).toEqual(STOPPED);
  expect(queue.locks).toEqual([]);
});

test.each(CASES)('after the reader of $name ($format) has closed it', async ({ to, args }) => {
  using pipe = new Fifo(at('pipe'));
  await using beat = shell(`exec ${BEAT} ${args} ${to} pipe`);
  await queue.waitForMessages(1);
  pipe.close();
  await queue.waitForMessages(3);
  expect(await beat.stop()).toEqual(STOPPED);
  expect(queue.locks).toEqual([]);
});

/** Arguments for a small file system in a mount namespace; this does not need root. */
const UNSHARE = ['--user', '--map-root-user', '--mount'];
const canMount = process.platform === 'linux' && spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

describe.skipIf(!canMount)(canMount ? 'a full disk' : 'needs an unprivileged mount namespace', () => {
  test.each([
    ['standard output', '', '> disk/log'],
    ['--logfile', '-f disk/log', ''],
  ])(
    'beat start: keeps sending while the disk of its log (%s) is full, and reports dropped lines later',
    async (_name, flag, redirection) => {
      const script = `mkdir disk && mount -t tmpfs -o size=8k none disk &&
      head -c 4096 /dev/zero > disk/ballast && touch disk/log ready &&
      exec ${BEAT} -l debug ${flag} ${redirection}`;
      await using beat = new Child('unshare', [...UNSHARE, 'sh', '-c', script], { cwd, lines: {} });
      await waitForChange(cwd, () => existsSync(at('ready')) || undefined);
      const disk = `/proc/${beat.pid}/root${cwd}/disk`;
      await waitForChange(disk, () => readFileSync(`${disk}/log`).length === 4_096 || undefined);
      await queue.waitForMessages(5);
      rmSync(`${disk}/ballast`);
      const report = await waitForChange(disk, () =>
        parsed(`${disk}/log`).find(({ event }) => event === 'log-dropped'),
      );
      expect(report).toMatchObject({
        level: 'warn',
        error: 'ENOSPC: no space left on device, write',
        msg: expect.stringMatching(/^\d+ log lines were dropped: .*: ENOSPC/) as string,
      });
      expect(report['count']).toBeGreaterThan(5);
      expect(await beat.stop()).toEqual(STOPPED);
    },
  );
});

/** Parses the complete lines, each of which must be a log line. */
function parsed(path: string): LogLine[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}

const script = existsSync('/usr/bin/script') && process.platform === 'linux';
describe.skipIf(!script)(script ? 'with a terminal' : 'needs script(1)', () => {
  const terminal = (command: string): Child =>
    new Child('/usr/bin/script', ['-qefc', command, '/dev/null'], { cwd, lines: {} });

  test('beat start: keeps sending in its own session after its terminal is closed', async () => {
    const command = `setsid ${BEAT} --pidfile beat.pid & exec sleep infinity`;
    await using screen = terminal(command);
    await queue.waitForMessages(1);
    using beat = new Detached(cwd, 'beat.pid');
    // The test does not wait for its end, because beat inherited the pipe that the test reads.
    screen.signal('SIGKILL');
    await queue.waitForMessages(3);
    await beat.stop();
    expect(queue.locks).toEqual([]);
  });

  test('beat start: stops and releases its lock when its terminal is closed', async () => {
    await using screen = terminal(`exec ${BEAT} --pidfile beat.pid`);
    await queue.waitForMessages(1);
    using _beat = new Detached(cwd, 'beat.pid');
    await screen.kill();
    await waitForChange(cwd, () => !existsSync(at('beat.pid')) || undefined);
    expect(queue.locks).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('with output that cannot be written', () => {
  test.each(['check', 'check --json', 'list', 'next -n 100', 'next --json', '--help', '--version'])(
    'command line: exits with 1 and one error line: beat %s',
    async (command) => {
      const errors: string[] = [];
      await using beat = shell(`exec ${BEAT} ${command} > /dev/full`, { errors });
      expect(await beat.exited).toEqual({ code: 1, signal: null });
      expect(errors).toEqual(['beat: cannot write to standard output: ENOSPC: no space left on device, write']);
    },
  );

  test('command line: exits as usual if only standard error is full or closed', async () => {
    await using full = shell(`exec ${BEAT} check -c missing.yaml 2> /dev/full`);
    expect(await full.exited).toEqual({ code: 2, signal: null });
    await using closed = shell(`exec ${BEAT} check >&- 2>&-`);
    expect(await closed.exited).toEqual({ code: 0, signal: null });
  });

  test('command line: exits with 0 if the reader closes the pipe: beat next | head', async () => {
    const errors: string[] = [];
    const command = `(${BEAT} next -n 100000; echo "code $?" >&2) | head -n 1`;
    await using beat = shell(command, { errors });
    await beat.exited;
    expect(errors).toEqual(['code 0']);
  });
});

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('crash: exits with 1 and writes the stack to standard error while standard output is full', async () => {
    folder.write(
      'mine.config.mjs',
      `setTimeout(() => void Promise.reject(new Error('mine')), 100);
       export default { beatSchedule: {} };`,
    );
    const errors: string[] = [];
    await using beat = shell(`exec ${BEAT} -c mine.config.mjs > /dev/full`, { errors });
    expect(await beat.exited).toEqual({ code: 1, signal: null });
    expect(errors[0]).toBe('Error: mine');
  });
});
