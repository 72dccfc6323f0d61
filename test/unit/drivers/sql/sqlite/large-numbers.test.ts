import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqlStore } from '../../../../support/open-sql-store.ts';
import { placeOfMinute } from '../../../../../src/contracts/store/minutes.ts';
import { storeOptions } from '../../../../contract/test-store.ts';
import { Folder } from '../../../../support/folder.ts';

test('sqlite: numbers that are too large for JavaScript make neither instances nor counts of minutes unreadable', async () => {
  using folder = new Folder();
  const file = join(folder.path, 'beat.sqlite');
  const store = openSqlStore(storeOptions(`sqla+sqlite:///${file}`));
  await store.ledger.beginTerm();
  const now = Date.now();
  const { number, slot } = placeOfMinute(now);
  using db = new DatabaseSync(file);
  db.exec(`
    INSERT INTO beat_instance VALUES ('beat', 'i', '{}', 9223372036854775806);
    INSERT INTO beat_minute VALUES ('beat', ${slot}, ${number}, 9223372036854775806, 0, 0, 0);
  `);
  expect(await store.instances.list()).toEqual([]);
  expect(await store.history!.minutes(now - 60_000, now + 60_000)).toEqual([]);
  await store.close();
});
