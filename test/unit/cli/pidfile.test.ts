import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takePidfile } from '../../../src/cli/pidfile.ts';
import { Folder } from '../../support/folder.ts';

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

  it.each(['', '12', 'twelve\n', '0\n', '-1\n'])('that is broken is replaced: %j', (text) => {
    writeFileSync(path, text);
    expect(takePidfile(path).replaced).toBe('Broken pidfile found - Removing it.');
    expect(readFileSync(path, 'utf8')).toBe(OURS);
  });

  it('that cannot be written is an error that says why, with the same exit code', () => {
    const missing = join(folder.path, 'no', 'beat.pid');
    expect(() => takePidfile(missing)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('ENOENT') as string, code: 73 }),
    );
  });
});
