import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatProcess, runBeat, type CommandResult } from '../support/beat-process.ts';
import { Detached } from '../support/detached.ts';
import { Folder } from '../support/folder.ts';
import { waitForLogLine, readLog } from '../support/log-file.ts';
import { asUnprivileged, UNPRIVILEGED, whyNotUnprivileged } from '../support/unprivileged-user.ts';

const CONFIG = `
lock: { ttl: 1s }
beatSchedule:
  quick: { task: tasks.quick, schedule: 0.2 }
`;

let folder: Folder;
let cwd: string;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
});
afterEach(() => folder[Symbol.dispose]());

const beat = (...args: string[]): Promise<CommandResult> => runBeat(args, { cwd });
const at = (name: string) => join(cwd, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const modeOf = (name: string) => statSync(at(name)).mode & 0o777;

test('--pidfile: rejects a second start with exit code 73 while the first continues', async () => {
  await using running = new BeatProcess({ cwd, args: ['--pidfile', 'beat.pid'] });
  await running.waitForRuns(1);
  expect(read('beat.pid')).toBe(`${running.pid}\n`);
  expect(await beat('--pidfile', 'beat.pid')).toMatchObject({
    code: 73,
    stdout: '',
    stderr: `ERROR: Pidfile (beat.pid) already exists.\nSeems we're already running? (pid: ${running.pid})`,
  });
  await running.waitForRuns(1);
  expect(read('beat.pid')).toBe(`${running.pid}\n`);
  await running.stop();
  expect(existsSync(at('beat.pid'))).toBe(false);
});

test('--pidfile: replaces the file of a killed process', async () => {
  const args = ['--pidfile', 'beat.pid'];
  await using killed = new BeatProcess({ cwd, args });
  await killed.waitForRuns(1);
  await killed.kill();
  expect(read('beat.pid')).toBe(`${killed.pid}\n`);
  await using next = new BeatProcess({ cwd, args });
  expect(await next.waitForEvent('pidfile')).toMatchObject({ level: 'warn' });
  expect(read('beat.pid')).toBe(`${next.pid}\n`);
  await next.stop();
});

test('--pidfile: is removed after a second signal and after a failed start', async () => {
  await using running = new BeatProcess({ cwd, args: ['--pidfile', 'beat.pid'] });
  await running.waitForRuns(1);
  running.signal('SIGTERM');
  running.signal('SIGINT');
  await running.exited;
  expect(existsSync(at('beat.pid'))).toBe(false);
  const failed = await beat('--pidfile', 'beat.pid', '-b', 'redis://localhost/first');
  expect(failed.code).toBe(2);
  expect(existsSync(at('beat.pid'))).toBe(false);
});

test('--logfile: expands placeholders and appends to the file', async () => {
  for (const time of [1, 2]) {
    await using running = new BeatProcess({ cwd, args: ['-f', '%n.log'] });
    await waitForLogLine(at('celerybeat.log'), 'scheduling', time);
    await running.stop();
    expect({ text: running.text, log: running.log.all }).toEqual({ text: '', log: [] });
  }
  const events = readLog(at('celerybeat.log')).map(({ event }) => event);
  expect(events.filter((event) => event === 'starting')).toHaveLength(2);
  expect(events.at(-1)).toBe('stopped');
});

test('--logfile: is reopened after it was moved, at the next line or on SIGHUP', async () => {
  await using running = new BeatProcess({ cwd, args: ['-f', 'beat.log'] });
  await waitForLogLine(at('beat.log'), 'sent');
  renameSync(at('beat.log'), at('beat.log.1'));
  await waitForLogLine(at('beat.log'), 'sent');
  running.signal('SIGHUP');
  renameSync(at('beat.log'), at('beat.log.2'));
  await waitForLogLine(at('beat.log'), 'sent');
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  const sent = ['beat.log.1', 'beat.log.2', 'beat.log'].flatMap((name) =>
    readLog(at(name)).flatMap((line) => (line.event === 'sent' ? String(line['dueAt']) : [])),
  );
  expect(sent).toEqual([...sent].sort());
});

test('--logfile: accepts /dev/stdout, also if it cannot be reopened', async () => {
  await using running = new BeatProcess({ cwd, args: ['-f', '/dev/stdout'] });
  await running.waitForRuns(1);
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  expect(running.sent).not.toEqual([]);
});

test('--umask: applies to log file and pidfile; an SQLite file is readable by its user only', async () => {
  const args = ['--umask', '027', '-f', 'beat.log', '--pidfile', 'beat.pid'];
  await using running = new BeatProcess({ cwd, args });
  await waitForLogLine(at('beat.log'), 'sent');
  expect(['beat.log', 'beat.pid', 'beat.sqlite'].map(modeOf)).toEqual([0o640, 0o640, 0o600]);
  await running.stop();
});

test('--workdir: all files are read and written there', async () => {
  const elsewhere = new Folder();
  const args = ['--workdir', cwd, '-f', 'beat.log', '--pidfile', 'beat.pid'];
  await using running = new BeatProcess({ cwd: elsewhere.path, args });
  await waitForLogLine(at('beat.log'), 'sent');
  expect(read('beat.pid')).toBe(`${running.pid}\n`);
  await running.stop();
  elsewhere[Symbol.dispose]();
});

test('--detach: returns when beat runs in a session of its own, until it is stopped by its process id', async () => {
  const started = await beat('--detach', '-f', 'beat.log', '--pidfile', 'beat.pid', '--umask', '027');
  using detached = new Detached(cwd, 'beat.pid');
  expect(started).toMatchObject({
    code: 0,
    stderr: '',
    stdout: `beat: running in the background as process ${detached.pid}; its log: ${at('beat.log')}`,
  });
  expect(modeOf('beat.log')).toBe(0o640);
  const session = execFileSync('ps', ['-o', 'sess=', '-p', String(detached.pid)], { encoding: 'utf8' });
  expect(Number(session)).toBe(detached.pid);
  await waitForLogLine(at('beat.log'), 'sent');

  expect(await beat('--detach', '--pidfile', 'beat.pid')).toMatchObject({
    code: 73,
    stdout: '',
    stderr: expect.stringContaining(`(pid: ${detached.pid})`) as string,
  });
  await detached.stop();
  expect(readLog(at('beat.log')).at(-1)).toMatchObject({ event: 'stopped' });
});

test('--detach: prints that the log is discarded if there is no log file', async () => {
  const { code, stdout } = await beat('--detach', '--pidfile', 'beat.pid', '--workdir', '.');
  using detached = new Detached(cwd, 'beat.pid');
  expect(code).toBe(0);
  expect(stdout).toMatch(/; its log is discarded: use --logfile PATH to write it to a file$/);
  await detached.stop();
});

test('--detach: prints the error and exits with its code', async () => {
  writeFileSync(at('wrong.yaml'), 'timezon: UTC\n');
  const attached = await beat('-c', 'wrong.yaml');
  const { code, stdout, stderr } = await beat('--detach', '-c', 'wrong.yaml', '-f', 'beat.log');
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: attached.stderr });
});

const cannot = whyNotUnprivileged();
describe.skipIf(cannot)(cannot || 'as root', () => {
  const ownerOf = (name: string) => statSync(at(name)).uid;
  const statusOf = (pid: number) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const numbers = (key: string) =>
      (new RegExp(`^${key}:(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).map(Number);
    return { uids: numbers('Uid'), gids: numbers('Gid'), groups: numbers('Groups') };
  };
  beforeEach(() => chmodSync(cwd, 0o777));

  test.each([['nobody'], [String(UNPRIVILEGED)]])(
    '--uid: gives up root permanently, and new files belong to %s',
    async (uid) => {
      const args = ['--uid', uid, '-f', 'beat.log', '--pidfile', 'beat.pid'];
      await using running = new BeatProcess({ cwd, args });
      await waitForLogLine(at('beat.log'), 'sent');
      expect(['beat.log', 'beat.pid', 'beat.sqlite'].map(ownerOf)).toEqual(Array(3).fill(UNPRIVILEGED));
      expect(statusOf(running.pid)).toEqual({
        uids: Array(4).fill(UNPRIVILEGED),
        gids: Array(4).fill(UNPRIVILEGED),
        groups: [UNPRIVILEGED],
      });
      await running.stop();
      expect(existsSync(at('beat.pid'))).toBe(false);
    },
  );

  test('--uid: works with --detach and --gid, and with a number without a user', async () => {
    const daemon = Number(/^daemon:[^:]*:(\d+)/m.exec(readFileSync('/etc/group', 'utf8'))?.[1]);
    const ids = ['--uid', '54321', '--gid', 'daemon'];
    expect(await beat('--detach', '-f', 'beat.log', '--pidfile', 'beat.pid', ...ids)).toMatchObject({
      code: 0,
      stderr: '',
    });
    using detached = new Detached(cwd, 'beat.pid');
    expect(statusOf(detached.pid)).toEqual({
      uids: Array(4).fill(54_321),
      gids: Array(4).fill(daemon),
      groups: [daemon],
    });
    expect(ownerOf('beat.log')).toBe(54_321);
    await detached.stop();
  });

  test('--uid: is rejected for an unknown user, and without root for another user', async () => {
    const reject = async (...args: string[]) => {
      const { code, stderr } = await beat(...args);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await reject('--uid', 'nosuch')).toBe('--uid nosuch: there is no such user');
    expect(await reject('--gid', 'nosuch')).toBe('--gid nosuch: there is no such group');
    expect(await reject('--uid', '54321')).toContain('the host has no user with this number');
    const within = asUnprivileged;
    // A process of another user runs, although this user cannot signal it.
    writeFileSync(at('beat.pid'), `${process.pid}\n`);
    const second = await runBeat(['--pidfile', 'beat.pid'], { cwd, within });
    expect(second).toMatchObject({ code: 73, stdout: '' });
    const other = await runBeat(['--uid', 'root'], { cwd, within });
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toMatch(/^--uid root: only root can change user or group.* nobody \(65534\)/);
    const same = await runBeat(['--uid', 'nobody', '--gid', 'nogroup', 'wrong'], { cwd, within });
    expect(same.stderr).toContain('unknown subcommand "wrong"');
  });
});
