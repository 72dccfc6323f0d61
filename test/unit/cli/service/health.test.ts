import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  answerHealth,
  askHealth,
  type HealthAnswers,
  isPrivate,
  privateFolders,
} from '../../../../src/cli/service/health.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Liveness } from '../../../../src/observe/liveness.ts';
import { runCommand } from '../../../support/command.ts';
import { Folder } from '../../../support/folder.ts';
import { spawnSync } from 'node:child_process';
import { asUnprivileged, UNPRIVILEGED, whyNotUnprivileged } from '../../../support/unprivileged-user.ts';

let folder: Folder;
let runtime: string;
let clock: ManualClock;
const instances: HealthAnswers[] = [];
beforeEach(() => {
  folder = new Folder();
  runtime = join(folder.path, 'runtime');
  vi.stubEnv('BEAT_RUNTIME_DIR', runtime);
  clock = new ManualClock('2027-03-01T12:00:00Z');
});
afterEach(() => {
  for (const instance of instances.splice(0)) instance.close();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  folder[Symbol.dispose]();
});

/** An instance that answers as the process of that number. */
async function answering(pid: number, blocked: readonly string[] = []): Promise<HealthAnswers> {
  const liveness = new Liveness(clock);
  liveness.blockedEntries = blocked;
  const instance = await answerHealth(liveness, pid);
  instances.push(instance);
  return instance;
}

/** The path of the socket of the instance with that number. */
async function socketOf(pid: number): Promise<string> {
  const instance = await answerHealth(new Liveness(clock), pid);
  const name = readdirSync(runtime).find((each) => each.endsWith(`-${pid}`))!;
  instance.close();
  return join(runtime, name);
}

/** A socket at that path that answers with a text; `null`: never. */
async function listening(path: string, answer: string | null): Promise<AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (answer !== null) socket.end(answer);
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

/** The file of a socket whose process has died. */
async function leftBehind(path: string): Promise<void> {
  await using _server = await listening(`${path}.living`, '');
  renameSync(`${path}.living`, path);
}

const onPosix = describe.skipIf(process.platform === 'win32');

onPosix('beat healthcheck', () => {
  test('exits 1 where no instance runs', async () => {
    const answer = { code: 1, stdout: '', stderr: 'beat: not running: no instance of this user on this host\n' };
    expect(await runCommand('healthcheck')).toEqual(answer);
    mkdirSync(runtime, { mode: 0o700 });
    expect(await runCommand('healthcheck')).toEqual(answer);
  });

  test('exits 0 while every instance makes progress, with one line of JSON for each', async () => {
    await answering(7);
    clock.advance(59_999);
    await answering(8);
    const { code, stdout, stderr } = await runCommand('healthcheck');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.toSorted()).toEqual([
      '{"pid":7,"alive":true,"idleMs":59999,"blockedEntries":[]}',
      '{"pid":8,"alive":true,"idleMs":0,"blockedEntries":[]}',
    ]);
  });

  test('exits 1 while an instance is stuck, with its process and for how long', async () => {
    await answering(7);
    await answering(8);
    clock.advance(60_000);
    await answering(9);
    const { code, stderr } = await runCommand('healthcheck');
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').toSorted()).toEqual([
      'beat: stuck: process 7 (no progress for 60 s)',
      'beat: stuck: process 8 (no progress for 60 s)',
    ]);
  });

  test('exits 1 while an entry is blocked, and names each blocked entry once, with the command that repairs it', async () => {
    await answering(7, ['nightly report', 'other']);
    await answering(8, ['nightly report']);
    const { code, stderr } = await runCommand('healthcheck');
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').toSorted()).toEqual([
      `beat: blocked: entry "nightly report" (its stored state is unreadable); repair it with: beat forget 'nightly report'`,
      'beat: blocked: entry "other" (its stored state is unreadable); repair it with: beat forget other',
    ]);
  });

  test('--liveness exits 0 while an entry is blocked and warns about it, and exits 1 while an instance is stuck', async () => {
    await answering(7, ['other']);
    expect(await runCommand('healthcheck', '--liveness')).toMatchObject({
      code: 0,
      stderr:
        'beat: warning: blocked: entry "other" (its stored state is unreadable); repair it with: beat forget other\n',
    });
    clock.advance(60_000);
    expect((await runCommand('healthcheck', '--liveness')).code).toBe(1);
  });

  test('names at most ten blocked entries of an instance', async () => {
    await answering(
      7,
      Array.from({ length: 11 }, (_, i) => `entry-${i}`),
    );
    const { stderr } = await runCommand('healthcheck');
    expect(stderr.trimEnd().split('\n')).toHaveLength(10);
    expect(stderr).toContain('"entry-9"');
  });
});

onPosix('a health check', () => {
  test('no longer finds an instance that has stopped', async () => {
    const instance = await answering(7);
    expect(await askHealth()).toHaveLength(1);
    instance.close();
    expect(await askHealth()).toEqual([]);
  });

  test('removes the socket of a process that died', async () => {
    const path = await socketOf(7);
    await leftBehind(path);
    expect(existsSync(path)).toBe(true);
    expect(await askHealth()).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  test('reaches an instance whose number was that of a process that died', async () => {
    await leftBehind(await socketOf(7));
    expect((await answering(7)).trouble).toBeNull();
    expect(await askHealth()).toMatchObject([{ pid: 7, alive: true }]);
  });

  test('ignores everything else in the folder', async () => {
    const path = await socketOf(7);
    folder.write('runtime/notes', '');
    await using _other = await listening(`${path}x`, '{"pid":7,"alive":true}');
    await using _foreign = await listening(join(runtime, '7'), '{"pid":7,"alive":true}');
    expect(await askHealth()).toEqual([]);
  });

  test.each([
    ['invalid JSON', '{"pid":7'],
    ['nothing', ''],
    ['the health of another process', '{"pid":8,"alive":true,"idleMs":0}'],
    ['more than it reads', `{"pid":7,"alive":true,"idleMs":0,"blockedEntries":["${'x'.repeat(1_000_000)}"]}`],
    ['a text for a boolean', '{"pid":7,"alive":"yes","idleMs":0}'],
    ['a text for a number', '{"pid":7,"alive":true,"idleMs":"0"}'],
    ['null', 'null'],
  ])('counts an instance that answers with %s as stuck', async (_, answer) => {
    await using _server = await listening(await socketOf(7), answer);
    expect(await askHealth()).toEqual([{ pid: 7, alive: false, idleMs: null }]);
  });

  test('drops unknown fields of an answer', async () => {
    const answer = { pid: 7, alive: true, idleMs: 3, blockedEntries: ['a', 1, 'b'], more: 'x' };
    await using _server = await listening(await socketOf(7), JSON.stringify(answer));
    const known = { pid: 7, alive: true, idleMs: 3, blockedEntries: ['a', 'b'] };
    expect(await askHealth()).toEqual([known]);
  });

  test('waits five seconds for an instance that does not answer', async () => {
    await using _server = await listening(await socketOf(7), null);
    const sleep = vi.spyOn(systemClock, 'sleep').mockResolvedValue();
    expect(await askHealth()).toEqual([{ pid: 7, alive: false, idleMs: null }]);
    expect(sleep).toHaveBeenCalledExactlyOnceWith(5_000, expect.anything());
  });

  test('hangs up on an instance that does not answer', async () => {
    const hungUp = Promise.withResolvers<string>();
    const server = createServer((socket) => {
      socket.on('error', () => {}).on('close', () => hungUp.resolve('closed'));
    });
    server.listen(await socketOf(7));
    await once(server, 'listening');
    const connected = once(server, 'connection');
    vi.spyOn(systemClock, 'sleep').mockImplementation(async () => {
      await connected;
    });
    await askHealth();
    expect(await hungUp.promise).toBe('closed');
    server.close();
  });
});

onPosix('an instance that no health check can reach runs all the same, and says why', () => {
  const advice = "set BEAT_RUNTIME_DIR to a folder of this user's with mode 0700";

  test('if other users may enter its folder, because a health check does not trust it either', async () => {
    await answering(7);
    chmodSync(runtime, 0o755);
    expect((await answering(8)).trouble).toBe(
      `beat healthcheck cannot reach this instance (no private folder at ${runtime}); ${advice}`,
    );
    expect(await askHealth()).toEqual([]);
  });

  test('if no socket can be created', async () => {
    runtime = join(folder.path, 'r'.repeat(150));
    vi.stubEnv('BEAT_RUNTIME_DIR', runtime);
    const { trouble } = await answering(7);
    expect(trouble).toContain(`beat healthcheck cannot reach this instance (${runtime}/health-`);
    expect(trouble).toContain(': listen ');
    expect(trouble).toContain(advice);
  });
});

const uid = process.geteuid?.() ?? 0;

describe.skipIf(process.platform === 'win32')('a private folder', () => {
  let base: Folder;
  let folder: string;
  beforeEach(() => {
    base = new Folder();
    folder = `${base.path}/beat`;
  });
  afterEach(() => base[Symbol.dispose]());

  test('private folder: is created closed to other users, and found again', () => {
    expect(isPrivate(folder, uid, false)).toBe(false);
    expect(isPrivate(folder, uid, true)).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(isPrivate(folder, uid, false)).toBe(true);
  });

  test('private folder: rejects a folder that other users can enter', () => {
    mkdirSync(folder);
    chmodSync(folder, 0o711);
    expect(isPrivate(folder, uid, true)).toBe(false);
  });

  test('private folder: rejects a symbolic link', () => {
    mkdirSync(`${base.path}/else`, { mode: 0o700 });
    symlinkSync(`${base.path}/else`, folder);
    expect(isPrivate(folder, uid, true)).toBe(false);
  });

  test('private folder: reports false if it cannot be created', () => {
    expect(isPrivate('/proc/beat', uid, true)).toBe(false);
  });

  const missing = whyNotUnprivileged();
  test.skipIf(missing)(missing || 'private folder: rejects a folder of another user, who cannot enter ours', () => {
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, UNPRIVILEGED, UNPRIVILEGED);
    expect(isPrivate(folder, uid, true)).toBe(false);

    const own = `${base.path}/own`;
    chmodSync(base.path, 0o755);
    expect(isPrivate(own, uid, true)).toBe(true);
    const [setpriv, ...args] = asUnprivileged;
    const listen = `require('net').createServer().listen('${own}/health-1').on('error', (e) => { console.log(e.code); process.exit(3); })`;
    const { status, stdout } = spawnSync(setpriv, [...args, process.execPath, '-e', listen], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect([status, stdout.trim()]).toEqual([3, 'EACCES']);
  });

  test('private folder: has a candidate that is writable under a read-only root file system', () => {
    expect(privateFolders({}, 10_001).at(-1)).toBe('/dev/shm/beat-10001');
    expect(privateFolders({ XDG_RUNTIME_DIR: '/run/user/1' }, 1)[0]).toBe('/run/user/1/beat');
    expect(privateFolders({ XDG_RUNTIME_DIR: '/run/user/1', BEAT_RUNTIME_DIR: '/x' }, 1)).toEqual(['/x']);
  });
});
