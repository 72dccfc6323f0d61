import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lchownSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LineOutput } from '../../../../src/cli/service/line-output.ts';
import { LogFile } from '../../../../src/cli/service/logfile.ts';
import { Folder } from '../../../support/folder.ts';

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder({ 'beat.log': 'before\n' });
  path = join(folder.path, 'beat.log');
});
afterEach(() => folder[Symbol.dispose]());

const text = (name = 'beat.log') => readFileSync(join(folder.path, name), 'utf8');

test('log file: appends lines', () => {
  new LogFile(path).write('one\n');
  expect(text()).toBe('before\none\n');
});

test('log file: is created again after it was moved or removed', () => {
  const log = new LogFile(path);
  log.write('one\n');
  renameSync(path, `${path}.1`);
  log.write('two\n');
  rmSync(path);
  log.write('three\n');
  expect([text('beat.log.1'), text()]).toEqual(['before\none\n', 'three\n']);
});

test('log file: reopening creates a moved file at once', () => {
  const log = new LogFile(path);
  renameSync(path, `${path}.1`);
  log.reopen();
  expect(text()).toBe('');
});

test.skipIf(process.platform !== 'linux')('log file: keeps one file open across rotations', () => {
  const log = new LogFile(path);
  const held = () => readdirSync('/proc/self/fd').length;
  const before = held();
  for (let rotation = 1; rotation <= 3; rotation++) {
    renameSync(path, `${path}.${rotation}`);
    log.write('line\n');
  }
  expect(held()).toBe(before);
});

test('log file: continues in the old file if a new one cannot be opened', () => {
  folder.write('logs/beat.log', '');
  const inside = join(folder.path, 'logs');
  const log = new LogFile(join(inside, 'beat.log'));
  renameSync(inside, `${inside}.old`);
  log.write('one\n');
  expect(text('logs.old/beat.log')).toBe('one\n');
});

test.skipIf(process.platform !== 'linux')(
  'log file: passes lines to the fallback if it cannot be written, and neither throws nor blocks',
  () => {
    const fallback = folder.write('stderr', '');
    const fd = openSync(fallback, 'a');
    new LogFile('/dev/full', { fallback: new LineOutput(fd) }).write('one\n');
    closeSync(fd);
    expect(readFileSync(fallback, 'utf8')).toBe('one\n');
  },
);

test('log file: reports why it cannot be opened', () => {
  expect(() => new LogFile(join(path, 'no', 'folder'))).toThrow(/--logfile: cannot write to ".*": ENOTDIR/);
});

describe.skipIf(process.platform === 'win32')('with symbolic links', () => {
  const link = () => {
    const path = join(folder.path, 'link.log');
    symlinkSync(join(folder.path, 'beat.log'), path);
    return path;
  };

  test('log file: follows a symbolic link of this user, also after a rotation', () => {
    const log = new LogFile(link());
    log.write('one\n');
    renameSync(path, `${path}.1`);
    log.write('two\n');
    expect([text('beat.log.1'), text()]).toEqual(['before\none\n', 'two\n']);
  });

  test('log file: rejects a symbolic link that leads to an untrusted link', () => {
    const path = link();
    const inside = folder.write('shared/file', '');
    rmSync(inside);
    symlinkSync(join(folder.path, 'beat.log'), inside);
    rmSync(path);
    symlinkSync('shared/file', path);
    new LogFile(path).write('one\n');
    expect(text()).toBe('before\none\n');
    chmodSync(join(folder.path, 'shared'), 0o777);
    expect(() => new LogFile(path)).toThrow(`"${inside}" is a symbolic link in a world-writable folder`);
  });

  test('log file: rejects a symbolic link in a world-writable folder and leaves its target unchanged', () => {
    const path = link();
    chmodSync(folder.path, 0o1777);
    expect(() => new LogFile(path)).toThrow(
      `--logfile: cannot write to "${path}": "${path}" is a symbolic link in a world-writable folder; name the target file itself`,
    );
    expect(text()).toBe('before\n');
  });

  test('log file: ignores an untrusted link that replaced it, and continues in the old file', () => {
    const log = new LogFile(path);
    renameSync(path, `${path}.1`);
    folder.write('target', '');
    symlinkSync(join(folder.path, 'target'), path);
    chmodSync(folder.path, 0o1777);
    log.write('one\n');
    expect([text('beat.log.1'), text('target')]).toEqual(['before\none\n', '']);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'log file: rejects a symbolic link if another user owns it or its folder',
    () => {
      const path = link();
      lchownSync(path, 65_534, 65_534);
      expect(() => new LogFile(path)).toThrow('" is a symbolic link of another user (uid 65534);');
      lchownSync(path, 0, 0);
      lchownSync(folder.path, 65_534, 65_534);
      expect(() => new LogFile(path)).toThrow('symbolic link in a folder of another user (uid 65534);');
      expect(text()).toBe('before\n');
    },
  );

  test('log file: rejects a loop of symbolic links', () => {
    const path = join(folder.path, 'circle.log');
    symlinkSync(path, path);
    expect(() => new LogFile(path)).toThrow(/circle\.log": its symbolic links form a loop$/);
  });
});

test.skipIf(process.platform === 'win32')('log file: rejects a pipe without a reader and does not hang', () => {
  const pipe = join(folder.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(() => new LogFile(pipe)).toThrow(/cannot write to ".*pipe": ENXIO/);
});
