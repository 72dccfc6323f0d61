import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HISTORY_POSITION } from '../../src/contracts/store/history.ts';
import type { History, HistoryRow, OutcomeRow, ReadRow, RunRow, SkipRow } from '../../src/contracts/store/history.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { isReadable } from '../../src/contracts/store/unreadable.ts';
import { forwardableClock } from './test-store.ts';
import { makeFirstRun, makeNextRun, type RunChange } from '../support/change.ts';
import type { TestStateStore } from './outbox.contract.ts';

const DAY = 24 * 60 * 60_000;
const LIMITS = { limit: 5, maxAge: 60_000 };

/** The contract of `History`, and of the commits that append to it. */
export function historyContract(name: string, openTestStore: () => Promise<TestStateStore>): void {
  describe(`${name} history`, () => {
    let testStore: TestStateStore;
    let store: StateStore;
    let history: History;
    const clock = forwardableClock();

    beforeEach(async () => {
      testStore = await openTestStore();
      store = await testStore.open({ history: LIMITS, clock });
      history = store.history!;
    });

    afterEach(() => testStore.close());

    /** The row of a change's run. */
    function rowOf({ after }: RunChange, more: Partial<RunRow> = {}): RunRow {
      return {
        kind: 'run',
        dueAt: after.dueAt!,
        sentAt: clock.now(),
        cause: 'schedule',
        taskId: after.taskId!,
        task: 'tasks.ü😀',
        queue: 'celery',
        term: 1,
        leader: 'gen1@host',
        number: after.runCount,
        ...more,
      };
    }
    const withRow = (change: RunChange) => ({ ...change, history: [rowOf(change)] });
    const read = async (entry: string, from = history) => (await from.read(entry, { limit: 100 })).rows;
    const ids = (rows: readonly ReadRow[]) =>
      rows.filter(isReadable).map((row) => (row.kind === 'skip' ? row.reason : row.taskId));

    /** Commits runs of one entry, each in its own commit. */
    async function commitRuns(entry: string, count: number): Promise<RunChange[]> {
      const token = await store.ledger.beginTerm();
      const changes: RunChange[] = [];
      for (let i = 1; i <= count; i++) {
        const last = changes.at(-1);
        const id = `${entry}-${i}`;
        const change = withRow(last ? makeNextRun(last, id) : makeFirstRun(entry, id));
        await store.ledger.commit({ token, changes: [change] });
        changes.push(change);
      }
      return changes;
    }

    test('is empty for an entry that never ran', async () => {
      expect(await history.read('a', { limit: 10 })).toEqual({ rows: [], next: null });
    });

    test('a commit appends the rows of each change, and every process reads them', async () => {
      const [a, b] = [withRow(makeFirstRun('a')), withRow(makeFirstRun('b’ :{}'))];
      const token = await store.ledger.beginTerm();
      await store.ledger.commit({ token, changes: [a, b] });
      const other = (await testStore.open({ history: LIMITS, clock })).history!;
      for (const each of [history, other]) {
        expect(await read('a', each)).toEqual(a.history);
        expect(await read('b’ :{}', each)).toEqual(b.history);
        expect(await read('b', each)).toEqual([]);
      }
    });

    test('the newest row of a change with several rows is the last one', async () => {
      const change = makeFirstRun('a');
      const skip: HistoryRow = {
        kind: 'skip',
        first: 1_000,
        last: 2_000,
        count: null,
        reason: 'coalesced',
        at: clock.now(),
        term: 1,
      };
      const rows = [skip, rowOf(change, { command: 'id-1' })];
      const token = await store.ledger.beginTerm();
      await store.ledger.commit({ token, changes: [{ ...change, history: rows }] });
      expect(await read('a')).toEqual(rows.toReversed());
    });

    test('a repeated commit appends its rows once', async () => {
      const change = withRow(makeFirstRun('a'));
      const token = await store.ledger.beginTerm();
      for (let i = 0; i < 3; i++) await store.ledger.commit({ token, changes: [change] });
      expect(await read('a')).toEqual(change.history);
    });

    test('a repeated append to the outbox adds its rows once', async () => {
      const change = withRow(makeFirstRun('a'));
      const token = await store.ledger.beginTerm();
      for (let i = 0; i < 3; i++) await store.ledger.append({ token, changes: [change] });
      expect(await read('a')).toEqual(change.history);
    });

    test('a commit of an older term appends nothing', async () => {
      const old = await store.ledger.beginTerm();
      await store.ledger.beginTerm();
      const changes = [withRow(makeFirstRun('a'))];
      expect(await store.ledger.commit({ token: old, changes })).toEqual({ kind: 'fenced' });
      expect(await store.ledger.append({ token: old, changes })).toEqual({ kind: 'fenced' });
      expect(await read('a')).toEqual([]);
    });

    test('a commit with a conflict appends nothing, not even for its other entries', async () => {
      await commitRuns('a', 1);
      const token = await store.ledger.beginTerm();
      const changes = [withRow(makeFirstRun('a', 'other')), withRow(makeFirstRun('b'))];
      const outcome = await store.ledger.commit({ token, changes });
      expect(outcome).toEqual({ kind: 'conflict', entries: ['a'] });
      expect(ids(await read('a'))).toEqual(['a-1']);
      expect(await read('b')).toEqual([]);
    });

    test('is read by pages, newest first', async () => {
      await commitRuns('a', 4);
      const first = await history.read('a', { limit: 3 });
      expect(ids(first.rows)).toEqual(['a-4', 'a-3', 'a-2']);
      expect(first.next).toMatch(HISTORY_POSITION);
      await history.append([{ entry: 'a', row: outcomeOf('a-4') }]);
      const second = await history.read('a', { limit: 3, before: first.next! });
      expect(ids(second.rows)).toEqual(['a-1']);
      expect(second.next).toBeNull();
    });

    test.each(['7-x', '1-0123456789abcdef', '999'])(
      'is read before the position %s of another store',
      async (before) => {
        await commitRuns('a', 1);
        await expect(history.read('a', { limit: 3, before })).resolves.toMatchObject({ next: null });
      },
    );

    test('retains the newest rows up to the limit, and removes older ones', async () => {
      await commitRuns('a', 200);
      const rows = ids(await read('a'));
      expect(rows.slice(0, 5)).toEqual(['a-200', 'a-199', 'a-198', 'a-197', 'a-196']);
      expect(rows.length).toBeLessThan(150);
      await commitRuns('b', 5);
      expect(ids(await read('b'))).toEqual(['b-5', 'b-4', 'b-3', 'b-2', 'b-1']);
    });

    test('removes surplus rows of many entries, and retains the newest of each', async () => {
      const names = Array.from({ length: 20 }, (_, i) => `entry-${i}`);
      for (let n = 0; n < 40; n++) {
        await history.append(names.map((entry) => ({ entry, row: outcomeOf(`${entry}-${n}`) })));
      }
      let total = 0;
      for (const entry of names) {
        const rows = ids(await read(entry));
        expect(rows.slice(0, 5)).toEqual([39, 38, 37, 36, 35].map((n) => `${entry}-${n}`));
        total += rows.length;
      }
      expect(total).toBeLessThan(500);
    });

    test('a commit with more rows than the limit appends only the newest rows', async () => {
      const change = makeFirstRun('a');
      const rows = Array.from({ length: 20_000 }, (_, i) => rowOf(change, { taskId: `${i}` }));
      const token = await store.ledger.beginTerm();
      await store.ledger.commit({ token, changes: [{ ...change, history: rows }] });
      expect(ids(await read('a')).slice(0, 5)).toEqual(['19999', '19998', '19997', '19996', '19995']);
    });

    test('returns no row that is older than the maximum age', async () => {
      await commitRuns('a', 2);
      clock.forward(LIMITS.maxAge + 1);
      expect(await read('a')).toEqual([]);
      await commitRuns('b', 1);
      clock.forward(LIMITS.maxAge / 2);
      expect(ids(await read('b'))).toEqual(['b-1']);
    });

    test('appends outcomes after the rows of commits', async () => {
      await commitRuns('a', 1);
      const outcome = outcomeOf('a-1', { error: 'ValueError: ü😀' });
      await history.append([{ entry: 'a', row: outcome }]);
      await history.append([]);
      expect((await read('a'))[0]).toEqual(outcome);
      expect(ids(await read('a'))).toEqual(['a-1', 'a-1']);
    });

    test('returns the newest rows of several entries at once, newest first', async () => {
      await commitRuns('a', 4);
      await commitRuns('b’ :{}', 1);
      await history.append([{ entry: 'a', row: outcomeOf('a-4') }]);
      const latest = await history.latest(['a', 'none', 'b’ :{}'], 2);
      expect([...latest].map(([entry, rows]) => [entry, ids(rows)]).toSorted()).toEqual([
        ['a', ['a-4', 'a-4']],
        ['b’ :{}', ['b’ :{}-1']],
        ['none', []],
      ]);
      const many = Array.from({ length: 450 }, (_, i) => `entry-${i}`);
      expect([...(await history.latest([...many, 'a'], 1)).values()].flat()).toHaveLength(1);
      expect(await history.latest([], 1)).toEqual(new Map());
      clock.forward(LIMITS.maxAge + 1);
      expect(await history.latest(['a'], 2)).toEqual(new Map([['a', []]]));
    });

    describe('counts of minutes', () => {
      const MINUTE = 60_000;
      const now = () => Math.floor(clock.now() / MINUTE) * MINUTE;
      const counts = (from = history) => from.minutes(now() - 2 * DAY, now() + 2 * DAY);
      const ran = (change: RunChange, dueAt: number): RunChange => ({ ...change, history: [rowOf(change, { dueAt })] });

      test('a commit counts its runs in the minutes in which they were due', async () => {
        const token = await store.ledger.beginTerm();
        const at = now();
        const [a, b, c] = [makeFirstRun('a'), makeFirstRun('b'), makeFirstRun('c')];
        const changes = [ran(a, at + 10), ran(b, at + MINUTE - 1), ran(c, at - MINUTE)];
        await store.ledger.commit({ token, changes });
        await store.ledger.append({ token, changes: [ran(makeFirstRun('d'), at)] });
        const other = (await testStore.open({ history: LIMITS, clock })).history!;
        for (const each of [history, other]) {
          expect(await counts(each)).toEqual([
            { at: at - MINUTE, published: 1, skipped: 0, succeeded: 0, failed: 0 },
            { at, published: 3, skipped: 0, succeeded: 0, failed: 0 },
          ]);
        }
        expect(await history.minutes(at - MINUTE, at)).toHaveLength(1);
        expect(await history.minutes(at, at)).toEqual([]);
      });

      test('a repeated commit is counted once, and a fenced or conflicting commit is not counted', async () => {
        const old = await store.ledger.beginTerm();
        const token = await store.ledger.beginTerm();
        const changes = [ran(makeFirstRun('a'), now())];
        for (let i = 0; i < 3; i++) await store.ledger.commit({ token, changes });
        const others = [ran(makeFirstRun('b'), now())];
        for (let i = 0; i < 3; i++) await store.ledger.append({ token, changes: others });
        await store.ledger.commit({ token: old, changes: [ran(makeFirstRun('c'), now())] });
        const conflict = [ran(makeFirstRun('a', 'x'), now()), ran(makeFirstRun('c'), now())];
        await store.ledger.commit({ token, changes: conflict });
        await store.ledger.append({ token, changes: conflict });
        expect(await counts()).toMatchObject([{ published: 2 }]);
      });

      test('outcomes and skips are counted beside their runs', async () => {
        const token = await store.ledger.beginTerm();
        const at = now();
        const change = makeFirstRun('a');
        const skip: SkipRow = {
          kind: 'skip',
          first: at - 2 * MINUTE,
          last: at - MINUTE,
          count: 3,
          reason: 'missed',
          at: clock.now(),
          term: 1,
        };
        const rows = [skip, rowOf(change, { dueAt: at })];
        await store.ledger.commit({ token, changes: [{ ...change, history: rows }] });
        await history.append([
          { entry: 'a', row: outcomeOf('a-1', { dueAt: at }) },
          { entry: 'b', row: outcomeOf('b-1', { dueAt: at, state: 'FAILURE' }) },
          { entry: 'b', row: outcomeOf('b-2', { dueAt: at, state: 'FAILURE' }) },
        ]);
        expect(await counts()).toEqual([
          { at: at - 2 * MINUTE, published: 0, skipped: 2, succeeded: 0, failed: 0 },
          { at: at - MINUTE, published: 0, skipped: 1, succeeded: 0, failed: 0 },
          { at, published: 1, skipped: 0, succeeded: 1, failed: 2 },
        ]);
        const withdrawn = { ...skip, first: at, last: at, count: 1, taskId: 'a-1' };
        await history.append([{ entry: 'a', row: withdrawn }]);
        expect((await counts()).at(-1)).toMatchObject({ published: 0, skipped: 1 });
      });

      test('a minute replaces the same minute of two days before', async () => {
        const token = await store.ledger.beginTerm();
        const first = ran(makeFirstRun('a'), now());
        await store.ledger.commit({ token, changes: [first, ran(makeFirstRun('b'), now())] });
        clock.forward(2 * DAY);
        await store.ledger.commit({ token, changes: [ran(makeNextRun(first, 'x'), now())] });
        expect(await history.minutes(0, clock.now() + DAY)).toMatchObject([{ at: now(), published: 1 }]);
      });

      test('a commit with a run for each minute of two days counts the runs of the last day', async () => {
        const change = makeFirstRun('a');
        const rows = Array.from({ length: 2_880 }, (_, i) => rowOf(change, { dueAt: now() - i * MINUTE }));
        const token = await store.ledger.beginTerm();
        await store.ledger.commit({ token, changes: [{ ...change, history: rows }] });
        const found = await counts();
        expect(found.length).toBeGreaterThanOrEqual(1_440);
        expect(found.every(({ published }) => published === 1)).toBe(true);
      });

      test('of one key prefix are separate from those of another', async () => {
        const token = await store.ledger.beginTerm();
        await store.ledger.commit({ token, changes: [ran(makeFirstRun('a'), now())] });
        const other = await testStore.open({ keyPrefix: 'other', history: LIMITS, clock });
        expect(await counts(other.history)).toEqual([]);
      });
    });

    test('returns fields that this release does not know, and leaves out kinds that it does not know', async () => {
      const row = { ...outcomeOf('a-1'), host: { name: 'x' } };
      const unknown = { kind: 'moved', dueAt: 1, doneAt: clock.now() } as unknown as HistoryRow;
      await history.append([
        { entry: 'a', row },
        { entry: 'a', row: unknown },
      ]);
      expect(await read('a')).toEqual([row]);
    });

    test('of an entry that is removed stays, so that its runs can be explained', async () => {
      const token = await store.ledger.beginTerm();
      const stored = { dueAt: 1_000, definition: '{"task":"tasks.a"}' };
      const added = { ...makeFirstRun('a'), stored };
      const change = withRow(added);
      await store.ledger.commit({ token, changes: [change] });
      expect(await read('a')).toEqual(change.history);
      const removal = { entry: 'a', before: added.after, after: null, messages: [] };
      expect(await store.ledger.commit({ token, changes: [removal] })).toEqual({ kind: 'committed' });
      expect(await store.entries.find(['a'])).toEqual([]);
      expect(await read('a')).toEqual(change.history);
    });

    test('of one key prefix is separate from that of another', async () => {
      await commitRuns('a', 1);
      const other = await testStore.open({ keyPrefix: 'other', history: LIMITS, clock });
      expect(await read('a', other.history)).toEqual([]);
    });

    test('that is disabled is absent, and commits publish as before', async () => {
      const without = await testStore.open({ history: null });
      expect(without.history).toBeUndefined();
      const token = await without.ledger.beginTerm();
      const changes = [withRow(makeFirstRun('a'))];
      expect(await without.ledger.commit({ token, changes })).toEqual({ kind: 'committed' });
      expect(await read('a')).toEqual([]);
    });

    function outcomeOf(taskId: string, more: Partial<OutcomeRow> = {}): OutcomeRow {
      return {
        kind: 'outcome',
        taskId,
        dueAt: 1_000,
        state: 'SUCCESS',
        doneAt: clock.now(),
        runtimeMs: 12.5,
        worker: 'celery@a',
        error: null,
        ...more,
      };
    }
  });
}
