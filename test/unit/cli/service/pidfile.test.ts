import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takePidfile } from '../../../../src/cli/service/pidfile.ts';
import { Folder } from '../../../support/folder.ts';

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, 'beat.pid');
});
afterEach(() => folder[Symbol.dispose]());

const OURS = `${process.pid}\n`;

describe('a pidfile', () => {
  it('holds the number of the process, and a line end as others expect it', () => {
    expect(takePidfile(path)).toEqual({ replaced: undefined });
    expect(readFileSync(path, 'utf8')).toBe(OURS);
  });

  it("of a process that runs is respected, with Celery's sentence and exit code", () => {
    writeFileSync(path, `${process.ppid}\n`);
    const refusal = {
      message: `ERROR: Pidfile (${path}) already exists.\nSeems we're already running? (pid: ${process.ppid})`,
      code: 73,
    };
    expect(() => takePidfile(path)).toThrow(expect.objectContaining(refusal));
    expect(readFileSync(path, 'utf8')).toBe(`${process.ppid}\n`);
  });

  it('of a process that is gone is replaced', async () => {
    const gone = spawn(process.execPath, ['-e', '0']);
    await once(gone, 'exit');
    writeFileSync(path, `${gone.pid}\n`);
    expect(takePidfile(path).replaced).toBe('Stale pidfile exists - Removing it.');
    expect(readFileSync(path, 'utf8')).toBe(OURS);
  });

  it('of our own number is replaced: every container has a process 1', () => {
    writeFileSync(path, OURS);
    expect(takePidfile(path).replaced).toMatch(/^Stale/);
  });

  it.skipIf(process.platform !== 'linux')(
    'of a process that began after it was written is replaced: the number was used again',
    () => {
      writeFileSync(path, `${process.ppid}\n`);
      utimesSync(path, 1_000_000_000, 1_000_000_000);
      expect(takePidfile(path).replaced).toMatch(/^Stale/);
      expect(readFileSync(path, 'utf8')).toBe(OURS);
    },
  );

  it.each(['', '\n', '12', '0\n'])('that is broken is replaced: %j', (text) => {
    writeFileSync(path, text);
    expect(takePidfile(path).replaced).toBe('Broken pidfile found - Removing it.');
    expect(readFileSync(path, 'utf8')).toBe(OURS);
  });

  it.each([
    'twelve\n',
    '-1\n',
    `${process.ppid}\n# notes\n`,
    '{"pid": 12}\n',
    `${'1'.repeat(65)}\n`,
    '\0'.repeat(12),
  ])('path with another text is an error, and its file stays as it is: %j', (text) => {
    writeFileSync(path, text);
    expect(() => takePidfile(path)).toThrow(
      expect.objectContaining({
        message: `--pidfile: "${path}" holds something other than a process id, so beat neither replaces nor removes it; remove it, or give another path`,
        code: 73,
      }),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('path with a symbolic link is an error, and neither link nor target changes', () => {
    for (const target of [folder.write('stale', '99999999\n'), join(folder.path, 'missing')]) {
      symlinkSync(target, path);
      expect(() => takePidfile(path)).toThrow(/" is a symbolic link, so beat neither replaces/);
      expect(readlinkSync(path)).toBe(target);
      rmSync(path);
    }
    expect(readFileSync(join(folder.path, 'stale'), 'utf8')).toBe('99999999\n');
  });

  it('path with a folder is an error', () => {
    expect(() => takePidfile(folder.path)).toThrow(/" is not a regular file, so beat neither/);
  });

  it('that cannot be written is an error that says why, with the same exit code', () => {
    const missing = join(folder.path, 'no', 'beat.pid');
    expect(() => takePidfile(missing)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('ENOENT') as string, code: 73 }),
    );
  });
});
