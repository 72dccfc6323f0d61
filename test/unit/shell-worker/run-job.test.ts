import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/util/system-clock.ts';
import { parseJob, type Job } from '../../../src/shell-worker/job.ts';
import { JobFailed, JobRejected } from '../../../src/shell-worker/result.ts';
import type { ProcessGroup } from '../../../src/shell-worker/process-group.ts';
import { runJob } from '../../../src/shell-worker/run-job.ts';
import { Folder } from '../../support/folder.ts';

const NEVER = new AbortController().signal;
const kill = (pid: number, signal: NodeJS.Signals | 0) => void process.kill(pid, signal);
const isRoot = process.geteuid?.() === 0;

/** Counts the pipes that keep this process running. */
function countPipes(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
}

/** Those before the first command. */
const PIPES = countPipes();

function run(
  command: string,
  kwargs: Readonly<Record<string, unknown>> = {},
  { dueAt = null as string | null, signal = NEVER, uid = process.geteuid!(), inherited = {} } = {},
) {
  return runJob(parseJob({ command, ...kwargs }) as Job, {
    host: { env: { PATH: process.env['PATH'], BEAT_DUE_AT: 'other', ...inherited }, uid, kill },
    clock: systemClock,
    dueAt,
    signal,
    groups: new Set<ProcessGroup>(),
  });
}

describe('running of jobs', () => {
  test('a command receives its environment, directory, input and due time', async () => {
    const kwargs = { env: { PLACE: 'here' }, cwd: '/tmp', stdin: 'input' };
    const dueAt = '2027-01-01T00:00:00.000Z';
    const result = await run('echo $PLACE $PWD $BEAT_DUE_AT; cat; echo error >&2', kwargs, { dueAt });
    expect(result).toMatchObject({ exit_code: 0, stderr: 'error\n', stdout: `here /tmp ${dueAt}\ninput` });
  });

  test('the directory ~ is the home of the user that runs the command, or / if that does not exist', async () => {
    const at = async (env: object, inherited: object) =>
      (await run('pwd; echo $HOME', { cwd: '~', env }, { inherited })).stdout;
    expect(await at({}, { HOME: '/usr' })).toBe('/usr\n/usr\n');
    expect(await at({ HOME: '/usr/lib' }, { HOME: '/usr' })).toBe('/usr/lib\n/usr/lib\n');
    expect(await at({}, { HOME: '/nonexistent' })).toBe('/\n/nonexistent\n');
    const { homedir } = userInfo();
    expect(await at({}, {})).toBe(`${homedir}\n${homedir}\n`);
  });

  test('SHELL is the shell of the command, as under cron', async () => {
    const shellOf = async (kwargs: Readonly<Record<string, unknown>>) =>
      (await run('echo $SHELL', kwargs, { inherited: { SHELL: '/bin/other' } })).stdout;
    expect(await shellOf({})).toBe('/bin/sh\n');
    expect(await shellOf({ shell: '/bin/bash' })).toBe('/bin/bash\n');
    expect(await shellOf({ env: { SHELL: '/bin/own' } })).toBe('/bin/own\n');
  });

  test.runIf(isRoot)('the directory ~ of another user is the home of that user', async () => {
    const { stdout } = await run('pwd; echo $SHELL', { cwd: '~', user: 'bin' });
    expect(stdout).toBe('/bin\n/bin/sh\n'.replace('/bin\n', `${realpathSync('/bin')}\n`));
  });

  test('without a due time, or with an invalid one, the variable is not set', async () => {
    expect((await run('echo ${BEAT_DUE_AT-unset}')).stdout).toBe('unset\n');
    const invalid = await run('echo ${BEAT_DUE_AT-unset}', {}, { dueAt: '$(touch x)' });
    expect(invalid.stdout).toBe('unset\n');
  });

  const SECRETS = {
    BEAT_HTTP_CHANGE_TOKEN: 'secret',
    BEAT_WEBHOOK_SECRET_FILE: '/run/secret',
    CELERY_BROKER_URL: 'redis://:secret@localhost',
    RESULT_BACKEND_FILE: '/run/secret',
    SENTRY_DSN: 'https://secret@sentry.example/1',
  };

  test("a command does not inherit beat's own settings, and inherits all other variables", async () => {
    const inherited = { ...SECRETS, PGHOST: 'database' };
    const { stdout } = await run('env', {}, { inherited });
    const names = stdout.split('\n').map((line) => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['PATH', 'PGHOST']));
    expect(names.filter((name) => Object.keys(inherited).includes(name!))).toEqual(['PGHOST']);
    expect(stdout).not.toContain('secret');
  });

  test('a command receives a setting of beat that its own variables contain', async () => {
    const env = { CELERY_BROKER_URL: 'redis://other' };
    const { stdout } = await run('echo $CELERY_BROKER_URL', { env }, { inherited: SECRETS });
    expect(stdout).toBe('redis://other\n');
  });

  test.runIf(isRoot)("as root, a command of another user does not inherit beat's own settings", async () => {
    const { stdout } = await run('env', { user: 'nobody' }, { inherited: SECRETS });
    expect(stdout).toMatch(/^USER=/m);
    expect(stdout).not.toContain('secret');
  });

  test('a command that ignores its input succeeds', async () => {
    expect((await run('true', { stdin: 'x'.repeat(1_000_000) })).exit_code).toBe(0);
  });

  test('a command that fails leads to an error with its exit code and error output', async () => {
    const failed = run('echo partial; echo broken >&2; exit 3');
    await expect(failed).rejects.toThrow(JobFailed);
    await expect(failed).rejects.toThrow(/failed: exit code 3 after [\d.]+ s: broken$/);
  });

  test('a command that a signal ends leads to an error with its name', async () => {
    await expect(run('kill -SEGV $$')).rejects.toThrow(/failed: signal SIGSEGV after/);
  });

  test('the result contains the last bytes of a long output', async () => {
    expect((await run('yes | head -c 300000', { max_output: 6 })).stdout).toBe('y\ny\ny\n');
    expect((await run('echo a', { max_output: 0 })).stdout).toBe('');
  });

  test('after the timeout all processes of the group are ended', async () => {
    const failed = run('sleep 60 & echo $!; sleep 60', { timeout: 0.2 });
    const error = (await failed.catch((e: unknown) => e)) as Error;
    expect(error.message).toMatch(/exceeded 0\.2 s and was ended: signal SIGTERM after .*: \d+$/s);
    const background = Number(/(\d+)$/.exec(error.message)![1]);
    expect(() => kill(background, 0)).toThrow(/ESRCH/);
  });

  test('an abort ends the command', async () => {
    const stop = new AbortController();
    const running = run('echo started; sleep 60', {}, { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toThrow(/signal SIGTERM/);
  });

  test('the process group can be signalled while the command runs', async () => {
    const changes: string[] = [];
    const groups = new (class extends Set<ProcessGroup> {
      override add(group: ProcessGroup) {
        changes.push('added');
        group.signal('SIGKILL');
        return super.add(group);
      }
      override delete(group: ProcessGroup) {
        changes.push('removed');
        return super.delete(group);
      }
    })();
    const host = { env: {}, uid: process.geteuid!(), kill };
    const options = { host, clock: systemClock, dueAt: null, signal: NEVER, groups };
    const job = runJob(parseJob({ command: 'sleep 600' }) as Job, options);
    await expect(job).rejects.toThrow('signal SIGKILL');
    expect([changes, groups.size]).toEqual([['added', 'removed'], 0]);
  });

  test('a process in the background outlives its command', async () => {
    const { stdout } = await run('sleep 60 & echo $!');
    const background = Number(stdout);
    expect(() => kill(background, 0)).not.toThrow();
    kill(background, 'SIGKILL');
  });

  test('after a command no pipe that a process in the background holds keeps the worker running', async () => {
    const { stdout } = await run('cat <&0 >/dev/null & sleep 60 & echo $!; exec >&- 2>&-', {
      stdin: 'x'.repeat(1_000_000),
    });
    expect(countPipes()).toBeLessThanOrEqual(PIPES);
    expect(() => kill(Number(stdout), 0)).not.toThrow();
    kill(Number(stdout), 'SIGKILL');
  });

  test('after a command the output of a process in the background is read, so that it does not fail', async () => {
    using folder = new Folder();
    const [go, done] = ['go', 'done'].map((name) => join(folder.path, name)) as [string, string];
    execFileSync('mkfifo', [go, done]);
    const later = `read line < ${go}; head -c 300000 /dev/zero; echo "exit code $?" > ${done}`;
    const { stdout } = await run(`(${later}) & echo begun`);
    expect(stdout).toBe('begun\n');
    await writeFile(go, 'go\n');
    expect(await readFile(done, 'utf8')).toBe('exit code 0\n');
  });

  test.each([
    [{ cwd: '/nonexistent' }, /the directory "\/nonexistent" does not exist/],
    [{ shell: '/nonexistent/sh' }, /cannot be started: .*ENOENT/],
    [{ user: 'no-such-user' }, /the user "no-such-user" does not exist on this host/],
    [{ user: '--help' }, /the user "--help" does not exist on this host/],
  ])('with %j a command is rejected', async (kwargs, reason) => {
    const rejected = run('true', kwargs);
    await expect(rejected).rejects.toThrow(JobRejected);
    await expect(rejected).rejects.toThrow(reason);
  });

  test('a worker that is not root cannot change the user', async () => {
    const rejected = run('true', { user: 'root' }, { uid: 1_000 });
    await expect(rejected).rejects.toThrow(/only root can run commands as "root"/);
  });

  test.runIf(isRoot)('as root, a command runs as another user with the groups of that user', async () => {
    const { stdout } = await run('id; echo $HOME $USER', { user: 'nobody' });
    expect(stdout).toMatch(/^uid=\d+\(nobody\) gid=\d+\(no\w+\) groups=\d+\(no\w+\)\n\S+ nobody\n$/);
    expect(stdout).not.toContain('root');
  });

  test.runIf(isRoot)(
    'as root, variables of a command apply only after the user is switched, so that root loads nothing of the user',
    async () => {
      using folder = new Folder();
      const ran = join(folder.path, 'ran');
      const fake = folder.write('setpriv', `#!/bin/sh\nid -u > ${ran}\n`);
      chmodSync(fake, 0o755);
      chmodSync(folder.path, 0o777);
      const env = { PATH: `${folder.path}:/usr/bin:/bin`, LD_DEBUG: 'files', LD_DEBUG_OUTPUT: ran };
      const user = 'nobody';
      const { stdout } = await run('id -un; echo $PATH', { user, env });
      expect(stdout).toBe(`${user}\n${env.PATH}\n`);
      expect(existsSync(ran)).toBe(false);
      const owners = readdirSync(folder.path).map((name) => statSync(join(folder.path, name)).uid);
      expect(owners.filter((uid) => uid === 0)).toHaveLength(1);
    },
  );

  test.runIf(isRoot)('as root, a command of another user still receives SIGPIPE', async () => {
    expect(await run('yes | head -n 1', { user: 'nobody' })).toMatchObject({ stdout: 'y\n', stderr: '' });
  });
});
