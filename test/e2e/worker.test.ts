import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { Beat, type BeatConfig } from '../../src/index.ts';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { Folder } from '../support/folder.ts';
import { nextEvent } from '../support/next-event.ts';

/** A command that waits for the file `go`, or for the removal of its folder. */
const WAITS = 'touch began; while [ -e began ] && [ ! -e go ]; do sleep 0.1; done; echo ended >> ended';

describe('beat worker', () => {
  let folder: Folder;

  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder[Symbol.dispose]());

  const declare = (commands: Readonly<Record<string, unknown>>, file = 'beat.config.yaml') => {
    const entries = Object.entries(commands).map(([name, shell]) => [
      name,
      { shell, schedule: { at: '2020-01-01T00:00:00Z' } },
    ]);
    folder.write(file, stringify({ beatSchedule: Object.fromEntries(entries) as object }));
  };
  /** Puts the command of an entry into the queue, with a scheduler in this process that runs only for this. */
  const send = async (...entries: readonly string[]) => {
    const config = parse(read('beat.config.yaml')) as BeatConfig;
    const brokerUrl = `sqla+sqlite:///${join(folder.path, 'beat.sqlite')}`;
    const beat = new Beat({ ...config, brokerUrl });
    await using _ = { [Symbol.asyncDispose]: () => beat.stop() };
    const leading = nextEvent(beat, 'leading');
    await beat.start();
    await leading;
    for (const entry of entries) {
      expect((await callBeat(['run', entry], { cwd: folder.path })).code).toBe(0);
    }
  };
  const startWorker = (...args: readonly string[]) => new BeatProcess({ cwd: folder.path, args: ['worker', ...args] });
  const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');
  /** Makes the messages of dead workers available without waiting for a minute. */
  const expireLeases = () => {
    using db = new DatabaseSync(join(folder.path, 'beat.sqlite'));
    db.exec('UPDATE beat_unacked SET expires_at = 0');
  };

  test('beat worker: runs a command again whose worker was killed', async () => {
    declare({ waits: WAITS });
    await send('waits');
    const killed = startWorker();
    await killed.waitForEvent('job-started');
    await killed.kill();
    expireLeases();
    await using worker = startWorker();
    await worker.waitForEvent('job-started');
    folder.write('go', '');
    const { entry } = await worker.waitForEvent('job-succeeded');
    expect(entry).toBe('waits');
    await worker.stop();
  });

  test('beat worker: exits although a process in the background holds the output of its command', async () => {
    declare({ background: `(while [ -d '${folder.path}' ]; do sleep 0.1; done) & echo begun` });
    await send('background');
    await using worker = startWorker();
    await worker.waitForEvent('job-succeeded');
    worker.signal('SIGTERM');
    expect((await worker.exited).code).toBe(0);
  });

  test('beat worker --acks early: loses a command whose worker was killed', async () => {
    declare({ waits: WAITS, later: 'echo later' });
    await send('waits');
    const killed = startWorker('--acks', 'early');
    await killed.waitForEvent('job-started');
    await killed.kill();
    expireLeases();
    await send('later');
    await using worker = startWorker('--acks', 'early');
    const { entry } = await worker.waitForEvent('job-succeeded');
    folder.write('go', '');
    await worker.stop();
    expect(entry).toBe('later');
    expect(worker.log.all.filter(({ event }) => event === 'job-started')).toHaveLength(1);
  });

  test('beat worker: the first SIGTERM lets commands finish, the second ends them and requeues their messages', async () => {
    declare({ waits: WAITS });
    await send('waits');
    await using first = startWorker();
    await first.waitForEvent('job-started');
    first.signal('SIGTERM');
    await first.waitForEvent('stopping');
    first.signal('SIGTERM');
    await first.waitForEvent('job-interrupted');
    expect((await first.exited).code).toBe(0);
    await using second = startWorker();
    await second.waitForEvent('job-started');
    second.signal('SIGTERM');
    await second.waitForEvent('stopping');
    folder.write('go', '');
    await second.waitForEvent('job-succeeded');
    expect((await second.exited).code).toBe(0);
    expect(read('ended')).toBe('ended\n');
  });

  test('beat worker: rejects a command that its configuration does not declare, until it is reloaded', async () => {
    declare({ touches: 'touch touched' });
    await send('touches', 'touches');
    declare({ other: 'true' }, 'worker.yaml');
    await using worker = startWorker('-c', 'worker.yaml', '--concurrency', '1');
    await worker.waitForEvent('job-rejected');
    expect(existsSync(join(folder.path, 'touched'))).toBe(false);
    declare({ touches: 'touch touched' }, 'worker.yaml');
    worker.signal('SIGHUP');
    await worker.waitForEvent('reloaded');
    await send('touches');
    await worker.waitForEvent('job-succeeded');
    expect(existsSync(join(folder.path, 'touched'))).toBe(true);
  });

  test('beat worker: rejects a reload that changes its queue, and names the setting', async () => {
    declare({ first: 'echo first' });
    await using worker = startWorker();
    await worker.waitForEvent('consuming');
    folder.write('beat.config.yaml', 'shellQueue: jobs');
    worker.signal('SIGHUP');
    const { msg } = await worker.waitForEvent('reload-failed');
    expect(msg).toContain('shellQueue: cannot change from "shell" to "jobs" while beat runs');
  });

  test('beat worker: runs commands without storing results in a backend that it does not support, and warns once', async () => {
    declare({ echoes: 'echo out' });
    await send('echoes');
    await using worker = startWorker('--result-backend', 'rpc://');
    const { msg } = await worker.waitForEvent('no-results');
    expect(msg).toContain('resultBackend: beat worker does not support rpc://, so results');
    await worker.waitForEvent('job-succeeded');
    expect(worker.log.all.filter(({ event }) => event === 'no-results')).toHaveLength(1);
  });

  test('beat worker: runs a command that was declared after the worker had started', async () => {
    declare({ first: 'echo first' });
    await using worker = startWorker();
    await worker.waitForEvent('consuming');
    declare({ second: 'echo second' });
    await send('second');
    const { entry } = await worker.waitForEvent('job-succeeded');
    expect(entry).toBe('second');
  });

  test('beat worker --allow any: runs undeclared commands, and warns', async () => {
    declare({ touches: 'touch touched' });
    await send('touches');
    folder.write('worker.yaml', '{}');
    await using worker = startWorker('-c', 'worker.yaml', '--allow', 'any');
    expect((await worker.waitForEvent('allow-any')).msg).toContain('everyone who can write');
    await worker.waitForEvent('job-succeeded');
  });

  test('beat worker: discards a task that it does not know', async () => {
    folder.write(
      'beat.config.yaml',
      stringify({ beatSchedule: { other: { task: 'tasks.add', schedule: 1, options: { queue: 'shell' } } } }),
    );
    await using beat = new BeatProcess({ cwd: folder.path });
    await beat.waitForRuns(1);
    await beat.stop();
    await using worker = startWorker();
    const { msg } = await worker.waitForEvent('message-discarded');
    expect(msg).toContain('the task "tasks.add" is unknown; this worker runs shell.run');
  });

  test('beat start --with-worker: replaces a crontab on a host without Python and Redis', async () => {
    const cwd = folder.path;
    folder.write('crontab', `HOME=${cwd}\n* * * * * echo "$BEAT_DUE_AT" >> ran\n`);
    // Only the programs of the shell: no python.
    const env = { PATH: ['/bin', '/usr/bin'].filter(hasNoPython).join(delimiter) };
    const imported = await callBeat(['import', 'crontab', 'crontab', '-o', 'beat.config.yaml'], { cwd, env });
    expect(imported).toMatchObject({ code: 0 });
    // No minute passes in which it is due besides.
    const yaml = read('beat.config.yaml').replace(/cron: .*/, "cron: '0 0 29 2 *'");
    folder.write('beat.config.yaml', yaml);
    await using beat = new BeatProcess({ cwd, env, args: ['start', '--with-worker'] });
    await beat.waitForEvent('leading');
    const entry = /^ {2}(\S+):$/m.exec(yaml)![1]!;
    expect((await callBeat(['run', entry], { cwd, env })).code).toBe(0);
    await beat.waitForEvent('job-succeeded');
    expect(read('ran')).toMatch(/^20.*Z\n$/);
    expect((await beat.stop()).code).toBe(0);
    expect(beat.log.all.filter(({ event }) => event === 'stopped')).toHaveLength(2);
  });

  test('beat start --with-worker: a Ctrl-C, which signals both processes, lets commands finish', async () => {
    declare({ waits: WAITS });
    const args = ['start', '--with-worker'];
    await using beat = new BeatProcess({ cwd: folder.path, args });
    await beat.waitForEvent('leading');
    const { pid } = await beat.waitForEvent('consuming');
    expect((await callBeat(['run', 'waits'], { cwd: folder.path })).code).toBe(0);
    await beat.waitForEvent('job-started');
    beat.signal('SIGINT');
    await beat.log.first('the stop of the worker', ({ msg }) => msg.startsWith('worker: Shutting'));
    process.kill(Number(pid), 'SIGINT');
    folder.write('go', '');
    await beat.waitForEvent('job-succeeded');
    expect((await beat.exited).code).toBe(0);
  });

  test('beat start --with-worker: stops with exit code 1 when its worker dies', async () => {
    declare({ waits: 'true' });
    await using beat = new BeatProcess({ cwd: folder.path, args: ['start', '--with-worker'] });
    await beat.waitForEvent('leading');
    const { pid } = await beat.waitForEvent('consuming');
    process.kill(Number(pid), 'SIGKILL');
    expect((await beat.exited).code).toBe(1);
    expect(beat.errors.join()).toContain('the worker ended (signal SIGKILL)');
  });

  test('beat start --with-worker: a worker whose beat was killed finishes its commands and ends', async () => {
    declare({ waits: WAITS });
    const beat = new BeatProcess({ cwd: folder.path, args: ['start', '--with-worker'] });
    await beat.waitForEvent('leading');
    expect((await callBeat(['run', 'waits'], { cwd: folder.path })).code).toBe(0);
    await beat.waitForEvent('job-started');
    beat.signal('SIGKILL');
    await beat.waitForEvent('stopping');
    folder.write('go', '');
    // Both have ended when their output is closed.
    await beat.exited;
    expect(read('ended')).toBe('ended\n');
  });

  test.each([
    [['--concurrency', '0'], /concurrency.*Allowed: a whole number from 1 to 1000/],
    [['--queues', 'a,,b'], /Allowed: names of queues with commas/],
    [['--acks', 'never'], /Allowed choices are late, early/],
    [['-b', 'memory://x', '--allow', 'all'], /Allowed choices are declared, any/],
  ])('beat worker %j: is wrong usage', async (args, message) => {
    const { code, stderr } = await callBeat(['worker', ...args], { cwd: folder.path });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

function hasNoPython(folder: string): boolean {
  return !existsSync(join(folder, 'python3'));
}
