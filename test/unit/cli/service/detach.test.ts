import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isDetached } from '../../../../src/cli/service/detach.ts';
import { SOURCE } from '../../../support/beat-process.ts';
import { runCommand } from '../../../support/command.ts';
import { Detached } from '../../../support/detached.ts';
import { Folder } from '../../../support/folder.ts';
import { waitForChange } from '../../../support/log-file.ts';

const CONFIG = 'brokerUrl: memory://\nbeatSchedule: {}\n';

let folder: Folder;
const [cwd, [, script]] = [process.cwd(), process.argv];
let listeners: readonly (readonly [NodeJS.Signals, readonly NodeJS.SignalsListener[]])[];
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  process.chdir(folder.path);
  process.argv[1] = SOURCE;
  vi.stubEnv('BEAT_RUNTIME_DIR', join(folder.path, 'runtime'));
  listeners = (['SIGTERM', 'SIGINT'] as const).map((name) => [name, process.listeners(name)]);
});
afterEach(() => {
  for (const [name, known] of listeners) {
    for (const each of process.listeners(name)) if (!known.includes(each)) process.off(name, each);
  }
  vi.unstubAllEnvs();
  process.argv[1] = script!;
  process.chdir(cwd);
  folder[Symbol.dispose]();
});

describe.skipIf(process.platform === 'win32')('beat --detach', () => {
  test('beat --detach: exits with 0 when the background process runs, and prints its id and log file', async () => {
    const log = join(folder.path, 'beat.log');
    const answer = await runCommand('--detach', '--pidfile', 'beat.pid', '-f', 'beat.log');
    using running = new Detached(folder.path, 'beat.pid');
    expect(running.pid).not.toBe(process.pid);
    expect(answer).toEqual({
      code: 0,
      stdout: `beat: running in the background as process ${running.pid}; its log: ${log}\n`,
      stderr: '',
    });
    expect(running.alive).toBe(true);
    expect(readFileSync(log, 'utf8')).toContain('"event":"starting"');
    await running.stop();
  });

  test('beat --detach: prints that the log is discarded if there is no log file', async () => {
    const answer = await runCommand('--detach', '--pidfile', 'beat.pid');
    using running = new Detached(folder.path, 'beat.pid');
    expect(answer.stdout).toContain('; its log is discarded: use --logfile PATH to write it to a file\n');
    await running.stop();
  });

  test('beat --detach: prints nothing with --quiet', async () => {
    const answer = await runCommand('--detach', '-q', '--pidfile', 'beat.pid');
    using running = new Detached(folder.path, 'beat.pid');
    expect(answer).toEqual({ code: 0, stdout: '', stderr: '' });
    await running.stop();
  });

  test('beat --detach: exits with the code and the error of a process that could not start', async () => {
    folder.write('wrong.yaml', 'beatSchedule: { a: { schedule: 5 } }');
    const answer = await runCommand('--detach', '-c', 'wrong.yaml', '--pidfile', 'beat.pid');
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toMatch(/^wrong\.yaml:1: beatSchedule\.a\.task: .*\n$/);
    expect(existsSync('beat.pid')).toBe(false);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('beat --detach: forwards %s to the background process', async (name) => {
    const text = `
      import { writeFileSync } from 'node:fs';
      process.on('${name}', () => process.exit(73));
      process.on('message', () => {});
      writeFileSync('ready', '');`;
    process.argv[1] = folder.write('waiting.mjs', text);
    const answer = runCommand('--detach');
    await waitForChange(folder.path, () => existsSync('ready') || undefined);
    const [, known] = listeners.find(([each]) => each === name)!;
    for (const each of process.listeners(name)) if (!known.includes(each)) each(name);
    expect((await answer).code).toBe(73);
  });

  test('beat --detach: exits with 1 and names the log if the process ends without a report', async () => {
    process.argv[1] = folder.write('silent.mjs', 'process.exit(0)');
    const log = join(folder.path, 'beat.log');
    expect(await runCommand('--detach', '-f', 'beat.log')).toEqual({
      code: 1,
      stdout: '',
      stderr: `beat: the background process ended before it was ready; see ${log}\n`,
    });
    process.argv[1] = folder.write('silent.mjs', 'process.exit(73)');
    expect(await runCommand('--detach')).toEqual({
      code: 73,
      stdout: '',
      stderr: 'beat: the background process ended before it was ready\n',
    });
  });
});

test('BEAT_DETACHED: counts only with a waiting parent, and is deleted at once', () => {
  vi.stubEnv('BEAT_DETACHED', '1');
  expect(isDetached()).toBe(process.send !== undefined);
  expect(process.env['BEAT_DETACHED']).toBeUndefined();
  expect(isDetached()).toBe(false);
});
