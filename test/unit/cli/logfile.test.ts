import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from '../../../src/cli/logfile.ts';
import { Folder } from '../../support/folder.ts';

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder({ 'beat.log': 'before\n' });
  path = join(folder.path, 'beat.log');
});
afterEach(() => folder[Symbol.dispose]());

const text = (name = 'beat.log') => readFileSync(join(folder.path, name), 'utf8');

describe('a log file', () => {
  it('is appended to', () => {
    new LogFile(path).write('one\n');
    expect(text()).toBe('before\none\n');
  });

  it('is made anew when it was moved away, or removed', () => {
    const log = new LogFile(path);
    log.write('one\n');
    renameSync(path, `${path}.1`);
    log.write('two\n');
    rmSync(path);
    log.write('three\n');
    expect([text('beat.log.1'), text()]).toEqual(['before\none\n', 'three\n']);
  });

  it('is there at once when it is opened anew', () => {
    const log = new LogFile(path);
    renameSync(path, `${path}.1`);
    log.reopen();
    expect(text()).toBe('');
  });

  it('goes on in the old file while there is no place for a new one', () => {
    folder.write('logs/beat.log', '');
    const inside = join(folder.path, 'logs');
    const log = new LogFile(join(inside, 'beat.log'));
    renameSync(inside, `${inside}.old`);
    log.write('one\n');
    expect(text('logs.old/beat.log')).toBe('one\n');
  });

  it('that cannot be opened is an error that says why', () => {
    expect(() => new LogFile(join(path, 'no', 'folder'))).toThrow(
      /--logfile: cannot write to ".*": ENOTDIR/,
    );
  });
});
