import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqlStore } from '../../../../support/open-sql-store.ts';
import { systemClock } from '../../../../../src/util/system-clock.ts';
import { forwardableClock, storeOptions } from '../../../../contract/test-store.ts';
import { makeFirstRun } from '../../../../support/change.ts';
import { Folder } from '../../../../support/folder.ts';

const HOUR = 3_600_000;

test('sqlite: fencing tokens grow even after the file was replaced and the clock was set back', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const clock = forwardableClock();
  const store = openSqlStore(storeOptions(`sqla+sqlite:///${path}`, { clock }));
  const terms = [await store.ledger.beginTerm()];
  for (let i = 0; i < 3; i++) {
    clock.forward(-HOUR);
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    terms.push(await store.ledger.beginTerm());
  }
  expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b));
  expect(await store.ledger.commit({ token: terms[0]!, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
  await store.close();
});

test('sqlite: fencing tokens grow by one while the clock stands still, also after the file was deleted', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const clock = { ...systemClock, now: () => 1_800_000_000_000 };
  const store = openSqlStore(storeOptions(`sqla+sqlite:///${path}`, { clock }));
  const terms = [await store.ledger.beginTerm(), await store.ledger.beginTerm()];
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  terms.push(await store.ledger.beginTerm());
  expect(terms).toEqual([1_800_000_000_000, 1_800_000_000_001, 1_800_000_000_002]);
  await store.close();
});
