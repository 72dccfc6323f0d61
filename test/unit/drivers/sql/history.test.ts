import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createHistory } from '../../../../src/drivers/sql/history.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { DEFAULT_HISTORY } from '../../../../src/contracts/store/history.ts';
import { FakeDatabase } from '../../../support/fake-database.ts';

test('sql history: the rows of at most 100 entries are trimmed with one statement', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0);
  const database = new FakeDatabase();
  const { db } = database;
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const history = createHistory(db, 'beat', DEFAULT_HISTORY, clock);
  const rows = Array.from({ length: 250 }, (_, i) => ({ entry: `e${i}`, at: 0, text: '{}', previous: null }));
  await history.prune({ rows, minutes: [] }, db.separately('test'));
  random.mockRestore();
  const trims = database.like(STATEMENTS.trimHistory('beat', [], 1)).map(({ values }) => values[0]);
  expect(trims.map((names) => (names as string[]).length)).toEqual([100, 100, 50]);
  expect(trims.flat()).toEqual(rows.map(({ entry }) => entry));
});

test('sql history: the latest rows of very many entries are read 100 entries at a time, newest first', async () => {
  const database = new FakeDatabase();
  const names = Array.from({ length: 150 }, (_, i) => `e${i}`);
  const row = (reason: string) => {
    return JSON.stringify({ kind: 'skip', first: 1, last: 2, count: 1, reason, at: 3, term: 1 });
  };
  database.answer = ({ values }) =>
    values.flat().includes('e0')
      ? [
          { entry: 'e0', json: row('missed') },
          { entry: 'e1', json: row('overlap') },
          { entry: 'e0', json: row('deadline') },
        ]
      : [];
  const clock = new ManualClock(new Date(3));
  const latest = await createHistory(database.db, 'beat', DEFAULT_HISTORY, clock).latest(names, 2);
  expect(database.statements).toHaveLength(2);
  expect([...latest.keys()]).toEqual(names);
  expect(latest.get('e0')).toMatchObject([{ reason: 'missed' }, { reason: 'deadline' }]);
  expect(latest.get('e1')).toMatchObject([{ reason: 'overlap' }]);
  expect(latest.get('e2')).toEqual([]);
});
