import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquirePidfile, startedAfter } from '../../../../src/cli/service/pidfile.ts';
import { Folder } from '../../../support/folder.ts';

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, 'beat.pid');
});
afterEach(() => folder[Symbol.dispose]());

const OURS = `${process.pid}\n`;

test('pidfile: contains the process id and a line end', () => {
  expect(acquirePidfile(path)).toBeUndefined();
  expect(readFileSync(path, 'utf8')).toBe(OURS);
});

test("pidfile: rejects the start with Celery's message and exit code while its process runs", () => {
  writeFileSync(path, `${process.ppid}\n`);
  const refusal = {
    message: `ERROR: Pidfile (${path}) already exists.\nSeems we're already running? (pid: ${process.ppid})`,
    code: 73,
  };
  expect(() => acquirePidfile(path)).toThrow(expect.objectContaining(refusal));
  expect(readFileSync(path, 'utf8')).toBe(`${process.ppid}\n`);
});

test('pidfile: is replaced if its process has ended', async () => {
  const gone = spawn(process.execPath, ['-e', '0']);
  await once(gone, 'exit');
  writeFileSync(path, `${gone.pid}\n`);
  expect(acquirePidfile(path)).toBe('Stale pidfile exists - Removing it.');
  expect(readFileSync(path, 'utf8')).toBe(OURS);
});

test("pidfile: is replaced if it contains this process's id, as every container has a process 1", () => {
  writeFileSync(path, OURS);
  expect(acquirePidfile(path)).toMatch(/^Stale/);
});

test.skipIf(process.platform !== 'linux')(
  'pidfile: is replaced if its process started later than the file was written',
  () => {
    writeFileSync(path, `${process.ppid}\n`);
    utimesSync(path, 1_000_000_000, 1_000_000_000);
    expect(acquirePidfile(path)).toMatch(/^Stale/);
    expect(readFileSync(path, 'utf8')).toBe(OURS);
  },
);

test.each(['', '\n', '12', '0\n'])('pidfile: is replaced if it is broken: %j', (text) => {
  writeFileSync(path, text);
  expect(acquirePidfile(path)).toBe('Broken pidfile found - Removing it.');
  expect(readFileSync(path, 'utf8')).toBe(OURS);
});

test.each(['twelve\n', '-1\n', `${process.ppid}\n# notes\n`, '{"pid": 12}\n', `${'1'.repeat(65)}\n`, '\0'.repeat(12)])(
  'pidfile: rejects a path with other content and leaves the file unchanged: %j',
  (text) => {
    writeFileSync(path, text);
    expect(() => acquirePidfile(path)).toThrow(
      expect.objectContaining({
        message: `--pidfile: "${path}" contains something other than a process id, so beat neither replaces nor removes it; remove it, or use another path`,
        code: 73,
      }),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

test('pidfile: rejects a symbolic link and leaves link and target unchanged', () => {
  for (const target of [folder.write('stale', '99999999\n'), join(folder.path, 'missing')]) {
    symlinkSync(target, path);
    expect(() => acquirePidfile(path)).toThrow(/" is a symbolic link, so beat neither replaces/);
    expect(readlinkSync(path)).toBe(target);
    rmSync(path);
  }
  expect(readFileSync(join(folder.path, 'stale'), 'utf8')).toBe('99999999\n');
});

test('pidfile: rejects a folder', () => {
  expect(() => acquirePidfile(folder.path)).toThrow(/" is not a regular file, so beat neither/);
});

test('pidfile: reports why it cannot be written, with exit code 73', () => {
  const missing = join(folder.path, 'no', 'beat.pid');
  expect(() => acquirePidfile(missing)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('ENOENT') as string, code: 73 }),
  );
});

const linux = process.platform === 'linux';
const born = Date.now() - process.uptime() * 1_000;

test.skipIf(!linux)(
  'process age: a process started after a file that is more than a second older, and not after a newer one',
  () => {
    expect(startedAfter(process.pid, born - 1_300)).toBe(true);
    expect(startedAfter(process.pid, born + 2_000)).toBe(false);
  },
);

test.skipIf(!linux)("process age: a file written in the second of the process's start may be its own", () => {
  expect(startedAfter(process.pid, born)).toBe(false);
  expect(startedAfter(process.pid, born - 700)).toBe(false);
});

test('process age: startedAfter is false for a missing process', () => {
  expect(startedAfter(2 ** 22 + 1, 0)).toBe(false);
});
