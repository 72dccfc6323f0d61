import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSqlStore } from '../../src/drivers/sql/store.ts';
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts';
import { systemClock } from '../../src/util/clock.ts';
import { makeFirstRun } from '../support/change.ts';
import { Folder } from '../support/folder.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { forwardableClock, storeOptions } from './place.ts';

const HOUR = 3_600_000;

test('sqlite terms go on growing when the file is made anew, even though the clock was set back', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const clock = forwardableClock();
  const store = openSqliteStore(storeOptions(`sqla+sqlite:///${path}`, { clock }));
  const terms = [await store.ledger.beginTerm()];
  for (let i = 0; i < 3; i++) {
    clock.forward(-HOUR);
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    terms.push(await store.ledger.beginTerm());
  }
  expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b));
  expect(await store.ledger.commit({ token: terms[0]!, changes: [makeFirstRun('a')] })).toEqual({
    kind: 'fenced',
  });
  await store.close();
});

test('sqlite terms are numbered one after the other where the clock stands still, with the file or without it', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const clock = { ...systemClock, now: () => 1_800_000_000_000 };
  const store = openSqliteStore(storeOptions(`sqla+sqlite:///${path}`, { clock }));
  const terms = [await store.ledger.beginTerm(), await store.ledger.beginTerm()];
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  terms.push(await store.ledger.beginTerm());
  expect(terms).toEqual([1_800_000_000_000, 1_800_000_000_001, 1_800_000_000_002]);
  await store.close();
});

const SERVERS: [string, string | false, () => Promise<SqlServer>][] = [
  ['postgresql', requireService('postgres'), () => PostgresServer.start()],
  ['mysql', requireService('mariadbd'), () => MariaServer.start()],
];

describe.each(SERVERS)('%s terms', (name, missing, start) => {
  test.skipIf(missing)(
    `on ${name} go on growing when the server's clock is set back, with the tables or without them`,
    async () => {
      const server = await start();
      const store = openSqlStore(storeOptions(server.url()));
      const terms = [await store.ledger.beginTerm()];
      // A number of the time at which the clock still was an hour ahead.
      await server.query('UPDATE beat_term SET number = number + ?', HOUR);
      terms.push(await store.ledger.beginTerm());
      expect(terms[1]).toBeGreaterThan(Date.now() + HOUR / 2);
      await server.empty();
      terms.push(await store.ledger.beginTerm());
      expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b));
      expect(await store.ledger.commit({ token: terms[1]!, changes: [makeFirstRun('a')] })).toEqual(
        {
          kind: 'fenced',
        },
      );
      await store.close();
      await server.stop();
    },
  );
});
