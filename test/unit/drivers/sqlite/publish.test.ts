import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { messageOf } from '../../../support/message.ts';
import { settled } from '../../../support/settle.ts';
import { openFile, temporaryFolder } from '../../../support/sqlite.ts';

test('a message is published to SQLite only when another process has ended its transaction', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  const { broker } = store;
  await broker.publish([messageOf('first')]);
  using other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  let isPublished = false;
  const publishing = broker.publish([messageOf('second')]).then(() => (isPublished = true));
  await settled();
  expect(isPublished).toBe(false);
  other.exec('ROLLBACK');
  await publishing;
  expect(other.prepare('SELECT count(*) AS count FROM kombu_message').get()).toEqual({ count: 2 });
  await store.close();
});
