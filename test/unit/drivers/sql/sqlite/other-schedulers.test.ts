import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Folder } from '../../../../support/folder.ts';
import { openSqlStore } from '../../../../support/open-sql-store.ts';
import { storeOptions } from '../../../../contract/test-store.ts';

const TABLE = 'django_celery_beat_periodictask';

test('sqlite: of very many entries of django-celery-beat the first thousand are read', async () => {
  using folder = new Folder();
  const path = `${folder.path}/beat.sqlite`;
  const store = openSqlStore(storeOptions(`sqla+sqlite:///${path}`));
  await store.ledger.beginTerm();
  using db = new DatabaseSync(path);
  db.exec(`CREATE TABLE ${TABLE} (id integer PRIMARY KEY, last_run_at timestamp NULL)`);
  const numbers = 'WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1001)';
  db.exec(`${numbers} INSERT INTO ${TABLE} (id, last_run_at) SELECT id, 2000 + id FROM n`);
  expect(await store.findSchedulers!()).toMatchObject([{ mark: '3000' }]);
  await store.close();
});
