import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../../../src/drivers/sql/sqlite/inspect-file.ts';
import { Folder } from '../../../../support/folder.ts';

const WRITE = `
  const db = new (require('node:sqlite').DatabaseSync)(process.argv[1], { timeout: 0 });
  db.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT');
`;

test('sqlite: inspecting a file drops no lock that its process has on it', () => {
  using folder = new Folder();
  const file = join(folder.path, 'beat.sqlite');
  using db = new DatabaseSync(file);
  db.exec('CREATE TABLE t (n); BEGIN IMMEDIATE');
  inspectFile(file);
  const { stderr } = spawnSync(process.execPath, ['-e', WRITE, file], { encoding: 'utf8' });
  expect(stderr).toContain('database is locked');
});
