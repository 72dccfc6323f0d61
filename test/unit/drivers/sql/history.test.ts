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
