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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

  it.skipIf(process.platform !== 'linux')(
    'holds one file open, however often it was rotated',
    () => {
      const log = new LogFile(path);
      const held = () => readdirSync('/proc/self/fd').length;
      const before = held();
      for (let rotation = 1; rotation <= 3; rotation++) {
        renameSync(path, `${path}.${rotation}`);
        log.write('line\n');
      }
      expect(held()).toBe(before);
    },
  );

  it('goes on in the old file while there is no place for a new one', () => {
    folder.write('logs/beat.log', '');
    const inside = join(folder.path, 'logs');
    const log = new LogFile(join(inside, 'beat.log'));
    renameSync(inside, `${inside}.old`);
    log.write('one\n');
    expect(text('logs.old/beat.log')).toBe('one\n');
  });

  it.skipIf(process.platform !== 'linux')(
    'that cannot be written passes its lines to the fallback, and neither throws nor blocks',
    () => {
      const fallback = folder.write('stderr', '');
      const fd = openSync(fallback, 'a');
      new LogFile('/dev/full', { fallback: new LineOutput(fd) }).write('one\n');
      closeSync(fd);
      expect(readFileSync(fallback, 'utf8')).toBe('one\n');
    },
  );

  it('that cannot be opened is an error that says why', () => {
    expect(() => new LogFile(join(path, 'no', 'folder'))).toThrow(
      /--logfile: cannot write to ".*": ENOTDIR/,
    );
  });
});

describe.skipIf(process.platform === 'win32')('a log file that is a symbolic link', () => {
  const link = () => {
    const path = join(folder.path, 'link.log');
    symlinkSync(join(folder.path, 'beat.log'), path);
    return path;
  };

  it('is followed where this user made it, also after a rotation', () => {
    const log = new LogFile(link());
    log.write('one\n');
    renameSync(path, `${path}.1`);
    log.write('two\n');
    expect([text('beat.log.1'), text()]).toEqual(['before\none\n', 'two\n']);
  });

  it('is refused where a link that it leads to is not to be trusted', () => {
    const path = link();
    const inside = folder.write('shared/file', '');
    rmSync(inside);
    symlinkSync(join(folder.path, 'beat.log'), inside);
    rmSync(path);
    symlinkSync('shared/file', path);
    new LogFile(path).write('one\n');
    expect(text()).toBe('before\none\n');
    chmodSync(join(folder.path, 'shared'), 0o777);
    expect(() => new LogFile(path)).toThrow(
      `"${inside}" is a symbolic link in a folder that every`,
    );
  });

  it('is refused in a folder that every user may write to, and its target stays as it is', () => {
    const path = link();
    chmodSync(folder.path, 0o1777);
    expect(() => new LogFile(path)).toThrow(
      `--logfile: cannot write to "${path}": "${path}" is a symbolic link in a folder that every user may write to; name the file itself`,
    );
    expect(text()).toBe('before\n');
  });

  it('is not followed after a rotation that put it there: the log stays in the old file', () => {
    const log = new LogFile(path);
    renameSync(path, `${path}.1`);
    folder.write('target', '');
    symlinkSync(join(folder.path, 'target'), path);
    chmodSync(folder.path, 0o1777);
    log.write('one\n');
    expect([text('beat.log.1'), text('target')]).toEqual(['before\none\n', '']);
  });

  it.skipIf(process.getuid?.() !== 0)('is refused where another user owns it or its folder', () => {
    const path = link();
    lchownSync(path, 65_534, 65_534);
    expect(() => new LogFile(path)).toThrow('" is a symbolic link of another user (uid 65534);');
    lchownSync(path, 0, 0);
    lchownSync(folder.path, 65_534, 65_534);
    expect(() => new LogFile(path)).toThrow(
      'symbolic link in a folder of another user (uid 65534);',
    );
    expect(text()).toBe('before\n');
  });

  it('that leads in a circle is an error that says so', () => {
    const path = join(folder.path, 'circle.log');
    symlinkSync(path, path);
    expect(() => new LogFile(path)).toThrow(/circle\.log": its symbolic links lead in a circle$/);
  });
});

it.skipIf(process.platform === 'win32')(
  'a log file that is a pipe without a reader is an error, and no start that hangs',
  () => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => new LogFile(pipe)).toThrow(/cannot write to ".*pipe": ENXIO/);
  },
);
