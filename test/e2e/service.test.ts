import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

describe('--pidfile', () => {
  it('refuses a second start with exit code 73, while the first goes on', async () => {
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

  it('replaces what a killed process left behind', async () => {
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

  it('is gone as well after a second signal, and after a start that failed', async () => {
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
});

describe('--logfile', () => {
  it('has the log, with the names that its path asks for, and is appended to', async () => {
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

  it('is opened anew when it was moved away, by itself or at a SIGHUP', async () => {
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

  it('may be standard output by its name, which others cannot open', async () => {
    await using running = new BeatProcess({ cwd, args: ['-f', '/dev/stdout'] });
    await running.waitForRuns(1);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(running.sent).not.toEqual([]);
  });

  it('and pidfile are created with --umask, an SQLite file for its user alone', async () => {
    const args = ['--umask', '027', '-f', 'beat.log', '--pidfile', 'beat.pid'];
    await using running = new BeatProcess({ cwd, args });
    await waitForLogLine(at('beat.log'), 'sent');
    expect(['beat.log', 'beat.pid', 'beat.sqlite'].map(modeOf)).toEqual([0o640, 0o640, 0o600]);
    await running.stop();
  });
});

describe('--workdir', () => {
  it('reads and writes everything where --workdir is', async () => {
    const elsewhere = new Folder();
    const args = ['--workdir', cwd, '-f', 'beat.log', '--pidfile', 'beat.pid'];
    await using running = new BeatProcess({ cwd: elsewhere.path, args });
    await waitForLogLine(at('beat.log'), 'sent');
    expect(read('beat.pid')).toBe(`${running.pid}\n`);
    await running.stop();
    elsewhere[Symbol.dispose]();
  });
});

describe('--detach', () => {
  it('returns once beat runs, in a session of its own, until it is told to stop by its number', async () => {
    const started = await beat(
      '--detach',
      '-f',
      'beat.log',
      '--pidfile',
      'beat.pid',
      '--umask',
      '027',
    );
    using detached = new Detached(cwd, 'beat.pid');
    expect(started).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `beat: running in the background as process ${detached.pid}; its log: ${at('beat.log')}`,
    });
    expect(modeOf('beat.log')).toBe(0o640);
    const session = execFileSync('ps', ['-o', 'sess=', '-p', String(detached.pid)], {
      encoding: 'utf8',
    });
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

  it('says that nothing is logged anywhere, without a log file', async () => {
    const { code, stdout } = await beat('--detach', '--pidfile', 'beat.pid', '--workdir', '.');
    using detached = new Detached(cwd, 'beat.pid');
    expect(code).toBe(0);
    expect(stdout).toMatch(/; its log is written nowhere: give --logfile PATH to keep it$/);
    await detached.stop();
  });

  it('hands on what is wrong, with the exit code', async () => {
    writeFileSync(at('wrong.yaml'), 'timezon: UTC\n');
    const attached = await beat('-c', 'wrong.yaml');
    const { code, stdout, stderr } = await beat('--detach', '-c', 'wrong.yaml', '-f', 'beat.log');
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: attached.stderr });
  });
});

const cannot = whyNotUnprivileged();
describe.skipIf(cannot)(cannot || '--uid, as root', () => {
  const ownerOf = (name: string) => statSync(at(name)).uid;
  const statusOf = (pid: number) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const numbers = (key: string) =>
      (new RegExp(`^${key}:(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).map(Number);
    return { uids: numbers('Uid'), gids: numbers('Gid'), groups: numbers('Groups') };
  };
  beforeEach(() => chmodSync(cwd, 0o777));

  it.each([['nobody'], [String(UNPRIVILEGED)]])(
    'gives up root for good, and all that is created is of %s',
    async (uid) => {
      const args = ['--uid', uid, '-f', 'beat.log', '--pidfile', 'beat.pid'];
      await using running = new BeatProcess({ cwd, args });
      await waitForLogLine(at('beat.log'), 'sent');
      expect(['beat.log', 'beat.pid', 'beat.sqlite'].map(ownerOf)).toEqual(
        Array(3).fill(UNPRIVILEGED),
      );
      expect(statusOf(running.pid)).toEqual({
        uids: Array(4).fill(UNPRIVILEGED),
        gids: Array(4).fill(UNPRIVILEGED),
        groups: [UNPRIVILEGED],
      });
      await running.stop();
      expect(existsSync(at('beat.pid'))).toBe(false);
    },
  );

  it('works with --detach and --gid, and with a number that no user has', async () => {
    const daemon = Number(/^daemon:[^:]*:(\d+)/m.exec(readFileSync('/etc/group', 'utf8'))?.[1]);
    const ids = ['--uid', '54321', '--gid', 'daemon'];
    expect(await beat('--detach', '-f', 'beat.log', '--pidfile', 'beat.pid', ...ids)).toMatchObject(
      {
        code: 0,
        stderr: '',
      },
    );
    using detached = new Detached(cwd, 'beat.pid');
    expect(statusOf(detached.pid)).toEqual({
      uids: Array(4).fill(54_321),
      gids: Array(4).fill(daemon),
      groups: [daemon],
    });
    expect(ownerOf('beat.log')).toBe(54_321);
    await detached.stop();
  });

  it('is refused for who is not there, and for who is nobody to say so', async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await beat(...args);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused('--uid', 'nosuch')).toBe('--uid nosuch: there is no such user');
    expect(await refused('--gid', 'nosuch')).toBe('--gid nosuch: there is no such group');
    expect(await refused('--uid', '54321')).toContain('no user has this number');
    const within = asUnprivileged;
    // A process of another user is alive, though it may not be signalled.
    writeFileSync(at('beat.pid'), `${process.pid}\n`);
    const taken = await runBeat(['--pidfile', 'beat.pid'], { cwd, within });
    expect(taken).toMatchObject({ code: 73, stdout: '' });
    const other = await runBeat(['--uid', 'root'], { cwd, within });
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toMatch(/^--uid root: only root may do that.* nobody \(65534\)/);
    const same = await runBeat(['--uid', 'nobody', '--gid', 'nogroup', 'wrong'], { cwd, within });
    expect(same.stderr).toContain('unknown command "wrong"');
  });
});
