import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { PendingRows } from '../../../../src/leader/outcomes/pending-rows.ts';
import type { EntryRow, History } from '../../../../src/contracts/store/history.ts';
import { storeOptions } from '../../../contract/test-store.ts';

const clock = new ManualClock('2027-03-01T12:00:00Z');

/** A history in memory whose next appends are lost: the rows, or only the answer. */
function fragileHistory() {
  const history = openMemoryStore(storeOptions('memory://', { clock })).history!;
  const faults: ('rows' | 'answer')[] = [];
  const reads: (readonly string[])[] = [];
  const fragile: History = {
    read: (...args) => history.read(...args),
    latest: (entries, limit) => {
      reads.push(entries);
      return history.latest(entries, limit);
    },
    minutes: (...args) => history.minutes(...args),
    removeRows: (...args) => history.removeRows(...args),
    append: async (rows) => {
      const fault = faults.shift();
      if (fault !== 'rows') await history.append(rows);
      if (fault) throw new Error('connection lost');
    },
  };
  return { history, faults, reads, rows: new PendingRows(fragile, clock, new Events()) };
}

function outcome(entry: string, taskId: string): EntryRow {
  const times = { dueAt: clock.now(), doneAt: clock.now(), runtimeMs: 1, worker: null, error: null };
  return { entry, row: { kind: 'outcome', taskId, state: 'SUCCESS', ...times } };
}

test.each(['rows', 'answer'] as const)(
  'pending rows: an outcome is appended and counted once when the %s of a call are lost',
  async (lost) => {
    const { history, faults, rows } = fragileHistory();
    faults.push(lost, lost);
    rows.add(outcome('a', '1'), outcome('a', '2'), outcome('b', '3'));
    await rows.flush();
    rows.add(outcome('a', '4'));
    await rows.flush();
    await rows.flush();
    const latest = await history.latest(['a', 'b'], 10);
    expect([...latest.values()].map(({ length }) => length)).toEqual([3, 1]);
    const counts = await history.minutes(clock.now() - 60_000, clock.now() + 1);
    expect(counts).toMatchObject([{ succeeded: 4 }]);
  },
);

test('pending rows: the history is read only after a call failed', async () => {
  const { faults, reads, rows } = fragileHistory();
  rows.add(outcome('a', '1'));
  await rows.flush();
  expect(reads).toEqual([]);
  faults.push('answer');
  rows.add(outcome('a', '2'), outcome('b', '3'));
  await rows.flush();
  await rows.flush();
  expect(reads).toEqual([['a', 'b']]);
});

test('pending rows: two equal rows are both appended if no call has failed', async () => {
  const { history, rows } = fragileHistory();
  rows.add(outcome('a', '1'), outcome('a', '1'));
  await rows.flush();
  expect((await history.latest(['a'], 10)).get('a')).toHaveLength(2);
});
