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
  const events = new Events();
  return { history, events, faults, reads, rows: new PendingRows(fragile, clock, events) };
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

test('pending rows: are flushed within a quarter of a second, and five seconds after a failure', async () => {
  const { faults, rows } = fragileHistory();
  const now = clock.now();
  expect(rows.flushAt).toBe(Infinity);
  rows.add(outcome('a', '1'));
  expect(rows.flushAt).toBe(now + 250);
  clock.advance(100);
  rows.add(outcome('a', '2'));
  expect(rows.flushAt).toBe(now + 250);
  faults.push('rows');
  await rows.flush();
  expect(rows.flushAt).toBe(now + 5_100);
  await rows.flush();
  expect(rows.flushAt).toBe(Infinity);
});

test('pending rows: one call appends a thousand, and a later call appends those added during the first', async () => {
  const { history, rows } = fragileHistory();
  const sizes: number[] = [];
  const append = history.append.bind(history);
  history.append = async (appended) => {
    sizes.push(appended.length);
    if (sizes.length === 1) rows.add(outcome('a', 'late'));
    await append(appended);
  };
  rows.add(...Array.from({ length: 1_500 }, (_, i) => outcome(`e${i}`, '1')));
  await Promise.all([rows.flush(), rows.flush()]);
  expect(sizes).toEqual([1_000, 501]);
});

test('pending rows: of more than 20,000 the newest are kept', async () => {
  const { history, rows } = fragileHistory();
  rows.add(...Array.from({ length: 20_001 }, (_, i) => outcome(`e${i}`, '1')));
  await rows.flush();
  const found = await history.latest(['e0', 'e1', 'e20000'], 1);
  expect([...found.values()].map(({ length }) => length)).toEqual([0, 1, 1]);
});

test('pending rows: a failure and the recovery are reported', async () => {
  const { history, events, faults, rows } = fragileHistory();
  const reports: string[] = [];
  events.on('failure', ({ operation }) => reports.push(`failure ${operation.kind}`));
  events.on('recovered', ({ operation }) => reports.push(`recovered ${operation.kind}`));
  faults.push('rows');
  rows.add(outcome('a', '1'));
  await rows.flush();
  await rows.flush();
  expect(reports).toEqual(['failure append-outcomes', 'recovered append-outcomes']);
  expect((await history.latest(['a'], 10)).get('a')).toHaveLength(1);
});
