import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqlStore } from '../../../../support/open-sql-store.ts';
import { storeOptions } from '../../../../contract/test-store.ts';
import { Folder } from '../../../../support/folder.ts';
import { asUnprivileged, whyNotUnprivileged } from '../../../../support/unprivileged-user.ts';

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, 'beat.sqlite');
});
afterEach(() => folder[Symbol.dispose]());

const open = () => openSqlStore(storeOptions(`sqla+sqlite:///${path}`));

describe('sqlite file permissions:', () => {
  const modes = () => ['', '-wal', '-shm'].map((end) => statSync(path + end).mode & 0o777);

  test('only this user may access a new file and the files that SQLite creates beside it', async () => {
    const store = open();
    await store.ledger.beginTerm();
    expect(modes()).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  test('a stricter umask applies, and the mode of an existing file does not change', async () => {
    const script = `
      process.umask(0o277);
      const { OpenFile } = await import(${JSON.stringify(join(import.meta.dirname, '../../../../../src/drivers/sql/sqlite/connection.ts'))});
      try { await new OpenFile(${JSON.stringify(path)}, {}).close(); } catch {}`;
    spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(statSync(path).mode & 0o777).toBe(0o400);
    chmodSync(path, 0o660);
    const store = open();
    await store.ledger.beginTerm();
    expect(modes()).toEqual([0o660, 0o660, 0o660]);
    await store.close();
  });

  const skip = whyNotUnprivileged();
  test.skipIf(skip)(
    'an error for a missing right names user, action and file, and the commit publishes nothing',
    async () => {
      const made = open();
      await made.ledger.beginTerm();
      await made.close();
      const store = join(import.meta.dirname, '../../../../support/open-sql-store.ts');
      const testStore = join(import.meta.dirname, '../../../../contract/test-store.ts');
      const script = `
      const { openSqlStore } = await import(${JSON.stringify(store)});
      const { storeOptions } = await import(${JSON.stringify(testStore)});
      const { lock, ledger } = openSqlStore(storeOptions(${JSON.stringify(`sqla+sqlite:///${path}`)}));
      for (const ask of [() => lock.acquire(), () => ledger.beginTerm()]) {
        console.log(await ask().then(() => 'done', String));
      }`;
      const [setpriv, ...args] = asUnprivileged;
      const ask = () =>
        spawnSync(setpriv, [...args, process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8' })
          .stdout;
      chmodSync(folder.path, 0o777);
      chmodSync(path, 0o644);
      expect(ask()).toMatch(
        new RegExp(`^(StoreError: \\S+ ${path}: user "\\w+" may not read and write ${path}\n){2}$`),
      );
      for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
      chmodSync(path, 0o666);
      chmodSync(folder.path, 0o755);
      const words = `may not create files in ${folder.path}, as SQLite does`;
      expect(ask().split(words)).toHaveLength(3);
    },
  );
});
