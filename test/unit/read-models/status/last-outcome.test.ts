import { expect, test, vi } from 'vitest';
import { addOutcomes } from '../../../../src/read-models/status/last-outcome.ts';
import type { EntryStatus, StatusRow } from '../../../../src/read-models/status/entry-status.ts';
import type { HistoryRow } from '../../../../src/contracts/store/history.ts';

const outcome: HistoryRow = {
  ...{ kind: 'outcome', taskId: 'id', dueAt: 0, state: 'FAILURE', doneAt: 1_500 },
  ...{ runtime: 1_200, worker: 'celery@a', error: 'ValueError: x' },
};
const run: HistoryRow = {
  ...{ kind: 'run', dueAt: 0, sentAt: 0, cause: 'schedule', taskId: 'id', task: 't' },
  ...{ queue: 'celery', term: 1, leader: 'gen1@a', number: 1 },
};
const row = (entry: string) => ({ entry, source: 'configuration' }) as EntryStatus;
const unreadable: StatusRow = { entry: 'broken', source: 'store', error: 'unreadable' };

test('last outcomes: one query reads those of all entries, without the unreadable ones', async () => {
  const latest = vi.fn(
    async () =>
      new Map([
        ['a', [run, outcome, { ...outcome, state: 'SUCCESS' }]],
        ['b', [run]],
      ]),
  );
  expect(await addOutcomes({ latest }, [row('a'), unreadable, row('b'), row('c')])).toEqual([
    {
      ...row('a'),
      lastOutcome: {
        ...{ taskId: 'id', dueAt: '1970-01-01T00:00:00.000Z', state: 'FAILURE' },
        ...{ doneAt: '1970-01-01T00:00:01.500Z', runtimeMs: 1_200 },
        ...{ worker: 'celery@a', error: 'ValueError: x' },
      },
    },
    unreadable,
    { ...row('b'), lastOutcome: null },
    { ...row('c'), lastOutcome: null },
  ]);
  expect(latest.mock.calls).toEqual([[['a', 'b', 'c'], expect.any(Number)]]);
});

test('last outcomes: without a history, or with one that cannot be read, the rows stay as they are', async () => {
  const rows = [row('a')];
  const latest = () => Promise.reject(new Error('lacks SELECT'));
  expect(await addOutcomes(undefined, rows)).toEqual(rows);
  expect(await addOutcomes({ latest }, rows)).toEqual(rows);
});
