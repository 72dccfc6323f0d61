import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { makeMessage } from '../../../../support/message.ts';
import { settle } from '../../../../support/settle.ts';
import { Folder } from '../../../../support/folder.ts';
import { openFile } from '../../../../support/sqlite.ts';

test('sqlite: a message is published only when another process has ended its transaction', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  const { broker } = store;
  await broker.publish([makeMessage('first')]);
  using other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  let isPublished = false;
  const publishing = broker.publish([makeMessage('second')]).then(() => (isPublished = true));
  await settle();
  expect(isPublished).toBe(false);
  other.exec('ROLLBACK');
  await publishing;
  expect(other.prepare('SELECT count(*) AS count FROM kombu_message').get()).toEqual({ count: 2 });
  await store.close();
});
