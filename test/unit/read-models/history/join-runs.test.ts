import { describe, expect, test } from 'vitest';
import type { OutcomeRow, RunRow, SkipRow } from '../../../../src/contracts/store/history.ts';
import { hasFailed, joinRuns } from '../../../../src/read-models/history/join-runs.ts';
import { viewItem, viewOccurrence } from '../../../../src/read-models/history/view.ts';
import { makeHistory, makeOutcome, makeRun } from './rows.ts';
import { readHistoryPage, readItems } from '../../../../src/read-models/history/load-history.ts';

const skipAt = (at: number): SkipRow => ({
  kind: 'skip',
  first: at,
  last: at,
  count: 1,
  reason: 'expired',
  at,
  term: 1,
});
const withdraw = ({ taskId, dueAt }: RunRow): SkipRow => ({ ...skipAt(dueAt), taskId });

describe('runs with what became of them', () => {
  test('have their outcome, or why they were withdrawn', () => {
    const [one, two, three] = [makeRun(1), makeRun(2), makeRun(3)];
    const skip = withdraw(two);
    const other = makeOutcome('unknown');
    expect(joinRuns([other, skip, three, two, makeOutcome('id-1'), one])).toEqual([
      { ...three, outcome: null, withdrawn: null },
      { ...two, outcome: null, withdrawn: skip },
      { ...one, outcome: makeOutcome('id-1'), withdrawn: null },
    ]);
  });

  test('of a fixed task id are withdrawn one by one', () => {
    const [one, two] = [makeRun(1, { taskId: 'fixed' }), makeRun(2, { taskId: 'fixed' })];
    expect(joinRuns([withdraw(two), two, one]).map((item) => item.kind === 'run' && item.withdrawn !== null)).toEqual([
      ...[true, false],
    ]);
  });

  test('have outcomes of newer rows, whose runs are left out', () => {
    const items = joinRuns([makeRun(1)], [makeOutcome('id-1'), makeRun(2)]);
    expect(items).toEqual([{ ...makeRun(1), outcome: makeOutcome('id-1'), withdrawn: null }]);
  });

  test('are listed with skipped stretches and unreadable rows', () => {
    const skip = skipAt(1);
    const unreadable = { ...({ kind: 'unreadable', id: '1', at: null } as const), reason: 'r', repair: 'x' };
    expect(joinRuns([skip, unreadable])).toEqual([skip, unreadable]);
    expect([skip, unreadable].map(hasFailed)).toEqual([false, false]);
  });

  test.each([
    ['SUCCESS', false],
    ['FAILURE', true],
    ['REVOKED', true],
  ])('have failed unless they succeeded: %s', (state, failed) => {
    const run = { ...makeRun(1), withdrawn: null };
    expect(hasFailed({ ...run, outcome: makeOutcome('id-1', { state }) })).toBe(failed);
    expect(hasFailed({ ...run, outcome: null })).toBe(false);
  });
});

describe('the view of a row', () => {
  const run = { ...makeRun(1), outcome: null, withdrawn: null };

  test('of a run has its fields, and null for what is not known', () => {
    expect(viewItem('a', run)).toEqual({
      ...{ kind: 'run', entry: 'a', dueAt: '1970-01-01T00:00:00.001Z', sentAt: '1970-01-01T00:00:00.008Z' },
      ...{ latenessMs: 7, cause: 'schedule', task: 't', taskId: 'id-1', queue: 'celery', leader: 'gen1@a' },
      ...{ term: 1, number: 1, command: null, withdrawn: null, outcome: null },
    });
    const skip = withdraw(makeRun(1));
    const more = { ...run, command: 'c', withdrawn: skip, outcome: makeOutcome('id-1') };
    expect(viewItem('a', more)).toMatchObject({
      ...{ command: 'c', withdrawn: 'expired' },
      outcome: { state: 'SUCCESS', doneAt: '1970-01-01T00:00:00.009Z', runtimeMs: 2, worker: 'w', error: null },
    });
  });

  test('of a skipped stretch and of an unreadable row has the entry', () => {
    const skip = skipAt(1);
    const at = '1970-01-01T00:00:00.001Z';
    expect(viewItem('a', skip)).toEqual({
      ...{ kind: 'skip', entry: 'a', first: at, last: at, count: 1, reason: 'expired', at, term: 1 },
    });
    const unreadable = { ...({ kind: 'unreadable', id: '1', at: null } as const), reason: 'r', repair: 'x' };
    expect(viewItem('a', unreadable)).toEqual({ entry: 'a', ...unreadable });
  });

  test('of an occurrence has its status with the rows that say so', () => {
    const dueAt = '1970-01-01T00:00:00.001Z';
    const skip = skipAt(1);
    const view = (account: Parameters<typeof viewOccurrence>[1]['account']) =>
      viewOccurrence('a', { dueAt: 1, account });
    expect(view({ kind: 'waiting' })).toEqual({ entry: 'a', dueAt, status: 'waiting' });
    expect(view({ kind: 'published', run })).toEqual({
      ...{ entry: 'a', dueAt, status: 'published', run: viewItem('a', run) },
    });
    expect(view({ kind: 'published-twice', runs: [run, run] })).toEqual({
      ...{ entry: 'a', dueAt, status: 'published-twice', runs: [viewItem('a', run), viewItem('a', run)] },
    });
    expect(view({ kind: 'skipped', reason: 'expired', skip })).toEqual({
      ...{ entry: 'a', dueAt, status: 'skipped', reason: 'expired', skip: viewItem('a', skip) },
    });
  });
});

describe('the newest items of a history', () => {
  const failed = (id: number): OutcomeRow => makeOutcome(`id-${id}`, { state: 'FAILURE' });
  const numbers = (items: Awaited<ReturnType<typeof readItems>>) =>
    items.map((item) => item.kind === 'run' && item.number);

  test('are read by pages of 500 until there are enough', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => makeRun(1_200 - i));
    const { history, reads } = makeHistory(rows);
    expect(numbers(await readItems(history, 'a', { limit: 2 }))).toEqual([1_200, 1_199]);
    expect(reads).toEqual([500]);
    expect(await readItems(history, 'a', { limit: 501 })).toHaveLength(501);
    expect(reads).toEqual([500, 500, 500]);
    expect(await readItems(history, 'a', { limit: 5_000 })).toHaveLength(1_200);
  });

  test('are failed runs alone if asked for, however far back', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => makeRun(1_200 - i)).flatMap((run) =>
      [1_100, 3].includes(run.number) ? [failed(run.number), run] : [makeOutcome(run.taskId), run],
    );
    const { history } = makeHistory(rows);
    expect(numbers(await readItems(history, 'a', { limit: 1, failed: true }))).toEqual([1_100]);
    expect(numbers(await readItems(history, 'a', { limit: 9, failed: true }))).toEqual([1_100, 3]);
  });
});

describe('a page of a history', () => {
  const rows = [makeOutcome('id-2'), makeRun(3), makeRun(2), makeOutcome('id-1'), makeRun(1)];

  test('has the outcomes that are on it, without a further query', async () => {
    const { history, latest } = makeHistory(rows);
    const first = await readHistoryPage(history, 'a', { limit: 2 });
    expect(first.items).toEqual([{ ...makeRun(3), outcome: null, withdrawn: null }]);
    const last = await readHistoryPage(history, 'a', { limit: 2, before: '3' });
    expect(last).toEqual({ items: [{ ...makeRun(1), outcome: makeOutcome('id-1'), withdrawn: null }], next: null });
    expect(latest).toEqual([]);
  });

  test('has the outcome of a run that is on the page before', async () => {
    const { history, latest } = makeHistory(rows);
    const { items, next } = await readHistoryPage(history, 'a', { limit: 1, before: '2' });
    expect(items).toEqual([{ ...makeRun(2), outcome: makeOutcome('id-2'), withdrawn: null }]);
    expect([next, latest]).toEqual(['3', [{ entries: ['a'], limit: 10_000 }]]);
  });
});
