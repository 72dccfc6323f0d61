import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isPrivate, privateFolders } from '../../../../src/cli/service/health.ts';
import { Folder } from '../../../support/folder.ts';
import { asUnprivileged, UNPRIVILEGED, whyNotUnprivileged } from '../../../support/unprivileged-user.ts';

const uid = process.geteuid?.() ?? 0;

describe.skipIf(process.platform === 'win32')('a private folder', () => {
  let base: Folder;
  let folder: string;
  beforeEach(() => {
    base = new Folder();
    folder = `${base.path}/beat`;
  });
  afterEach(() => base[Symbol.dispose]());

  test('private folder: is created closed to other users, and found again', () => {
    expect(isPrivate(folder, uid, false)).toBe(false);
    expect(isPrivate(folder, uid, true)).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(isPrivate(folder, uid, false)).toBe(true);
  });

  test('private folder: rejects a folder that other users can enter', () => {
    mkdirSync(folder);
    chmodSync(folder, 0o711);
    expect(isPrivate(folder, uid, true)).toBe(false);
  });

  test('private folder: rejects a symbolic link', () => {
    mkdirSync(`${base.path}/else`, { mode: 0o700 });
    symlinkSync(`${base.path}/else`, folder);
    expect(isPrivate(folder, uid, true)).toBe(false);
  });

  test('private folder: reports false if it cannot be created', () => {
    expect(isPrivate('/proc/beat', uid, true)).toBe(false);
  });

  const missing = whyNotUnprivileged();
  test.skipIf(missing)(missing || 'private folder: rejects a folder of another user, who cannot enter ours', () => {
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, UNPRIVILEGED, UNPRIVILEGED);
    expect(isPrivate(folder, uid, true)).toBe(false);

    const own = `${base.path}/own`;
    chmodSync(base.path, 0o755);
    expect(isPrivate(own, uid, true)).toBe(true);
    const [setpriv, ...args] = asUnprivileged;
    const listen = `require('net').createServer().listen('${own}/health-1').on('error', (e) => { console.log(e.code); process.exit(3); })`;
    const { status, stdout } = spawnSync(setpriv, [...args, process.execPath, '-e', listen], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect([status, stdout.trim()]).toEqual([3, 'EACCES']);
  });

  test('private folder: has a candidate that is writable under a read-only root file system', () => {
    expect(privateFolders({}, 10_001).at(-1)).toBe('/dev/shm/beat-10001');
    expect(privateFolders({ XDG_RUNTIME_DIR: '/run/user/1' }, 1)[0]).toBe('/run/user/1/beat');
    expect(privateFolders({ XDG_RUNTIME_DIR: '/run/user/1', BEAT_RUNTIME_DIR: '/x' }, 1)).toEqual(['/x']);
  });
});
