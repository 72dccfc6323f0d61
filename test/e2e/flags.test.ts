import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import { runCommandIn } from '../support/command.ts';
import { Folder } from '../support/folder.ts';

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

/** Runs a command in this process. */
const beat = (...args: string[]) => runCommandIn(cwd, args);

const ACCEPTED = [
  ...['-A', 'proj', '--loader', 'proj.loader', '--skip-checks', '-C', 'beat', '-l', 'INFO'],
  ...['-s', '/var/lib/celerybeat-schedule', '-S', 'celery.beat.PersistentScheduler'],
  ...['--max-interval=5', '--executable', '/usr/bin/python3', '--pidfile='],
];
const NOTED = ['--app', '--loader', '--schedule', '--scheduler', '--max-interval', '--executable'];

test('celery command line: starts beat and logs one line for each ignored flag', async () => {
  await using running = new BeatProcess({ cwd, args: ACCEPTED });
  await running.waitForRuns(1);
  await running.stop();
  const notes = running.log.all.filter(({ event }) => event === 'flag');
  expect(notes.map(({ flag }) => String(flag).split(' ')[0])).toEqual([...NOTED, '--skip-checks']);
  expect(new Set(notes.map(({ level }) => level))).toEqual(new Set(['info']));
});

test('celery command line: beat check prints the same lines', async () => {
  const { code, stdout, stderr } = await beat('check', '-A', 'proj', '--max-interval', '5');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('no errors') as string });
  expect(stderr.split('\n')).toEqual([
    '--app proj is ignored: beat does not load Python apps',
    '--max-interval 5 is ignored: beat wakes exactly when an entry is due',
  ]);
  const json = await beat('check', '--json', '-A', 'proj');
  expect(json.stderr).toBe('');
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: true,
    notes: [{ path: [], message: expect.stringMatching(/^--app proj/) as string }],
  });
});

test.each([
  [['-S', 'django'], "beat does not read entries from Django's database"],
  [['-S', 'redbeat.RedBeatScheduler', 'beat'], 'beat always uses a lock'],
  [['beat', 'broker.url=redis://:secret@h'], '"broker.url=redis://:**@h": settings are not read'],
  [['beat', 'worker'], 'unknown subcommand "worker"'],
  [['--config', 'celeryconfig', 'beat'], 'beat does not read Python modules'],
  [['--umask', '9999'], '--umask: expected an octal number'],
  [['--max-interval', 'x'], 'whole number of seconds'],
  [['--workdir', 'nowhere'], '--workdir: cannot change to "nowhere"'],
  [['--logfile', 'nowhere/beat.log'], '--logfile: cannot write to'],
  [['--logfile', '%z.log'], 'unknown placeholder "%z"'],
  [['--pidfle', 'x'], '--pidfile'],
  [['-l', 'inof'], 'did you mean "info"'],
])('celery command line: is rejected with exit code 2 and the alternative: %o', async (args, says) => {
  const { code, stdout, stderr } = await beat(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
  expect(stderr).not.toContain('secret');
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('celery command line: the built command ends with exit code 2 and the alternative', async () => {
  const { code, stdout, stderr } = await runBeat(['-S', 'django'], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain("beat does not read entries from Django's database");
});

test('celery command line: -q omits the banner only', async () => {
  const args = ['-q', '--log-format', 'text'];
  await using running = new BeatProcess({ cwd, args });
  await running.lines.first('a run', (line) => line.includes('Sending due task quick'));
  await running.stop();
  expect(running.text).toContain('beat: Starting...');
  expect(running.text).not.toContain('. broker');
});

test('celery command line: -n sets the node name for %n', async () => {
  await using running = new BeatProcess({ cwd, args: ['-n', 'b1@web', '--pidfile', '%n.pid'] });
  await running.waitForRuns(1);
  expect(existsSync(join(cwd, 'b1.pid'))).toBe(true);
  await running.stop();
});

test('celery command line: --result-backend decides about the nightly cleanup', async () => {
  const namesWith = async (...args: string[]) => {
    const { stdout } = await beat('list', '--json', ...args);
    return stdout.split('\n').map((line) => (JSON.parse(line) as { entry: string }).entry);
  };
  expect(await namesWith()).toContain('celery.backend_cleanup');
  expect(await namesWith('--result-backend', 'redis://localhost')).toEqual(['quick']);
});

test('crash: exits with 1, a log line and the stack', async () => {
  folder.write(
    'mine.config.mjs',
    `setTimeout(() => void Promise.reject(new Error('mine')), 300);
       export default { beatSchedule: { quick: { task: 'tasks.quick', schedule: 0.2 } } };`,
  );
  const args = ['-c', 'mine.config.mjs', '--pidfile', 'beat.pid'];
  await using running = new BeatProcess({ cwd, args });
  expect(await running.exited).toEqual({ code: 1, signal: null });
  expect(running.log.all.at(-1)).toMatchObject({
    level: 'fatal',
    event: 'crashed',
    origin: 'unhandledRejection',
    msg: 'beat: Crashed: Error: mine',
  });
  expect(running.errors.join('\n')).toMatch(/^Error: mine\n\s+at .*mine\.config\.mjs/);
  expect(existsSync(join(cwd, 'beat.pid'))).toBe(false);
});
