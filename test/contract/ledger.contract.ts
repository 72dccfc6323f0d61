import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../src/util/errors.ts';
import type { Ledger } from '../../src/contracts/store/ledger.ts';
import type { EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Change } from '../../src/contracts/store/commit.ts';
import { makeFirstRun, NEW_STATE, makeNextRun, advanceState } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import type { TestStore } from './test-store.ts';
import { termContract } from './term.contract.ts';

/** Every sentence of `Ledger`, run against one implementation. */
export function ledgerContract(name: string, openTestStore: () => Promise<TestStore>): void {
  describe(`ledger: ${name}`, () => {
    let testStore: TestStore;
    let ledger: Ledger;

    const open = async () => (await testStore.open()).ledger;
    const sent = async (queue = 'celery') => (await testStore.queued(queue)).map((m) => m.taskId);

    beforeEach(async () => {
      testStore = await openTestStore();
      ledger = await open();
    });
    afterEach(() => testStore.close());

    test('a new ledger has no states', async () => {
      expect(await ledger.load()).toEqual(new Map());
      expect(ledger.batch.size).toBeGreaterThan(0);
      expect(ledger.batch.inFlight).toBeGreaterThan(0);
    });

    describe('a commit', () => {
      test('writes its states and publishes its messages', async () => {
        const term = await ledger.beginTerm();
        const changes = [makeFirstRun('a'), makeFirstRun('b')];
        expect(await ledger.commit({ token: term, changes })).toEqual({ kind: 'committed' });

        const records = new Map(changes.map((c) => [c.entry, c.after]));
        expect(await (await open()).load()).toEqual(records);
        expect(await sent()).toEqual(['task-a', 'task-b']);
      });

      test('replaces a state that is as expected', async () => {
        const term = await ledger.beginTerm();
        const first = makeFirstRun('a', 'one');
        const second = makeNextRun(first, 'two');
        await ledger.commit({ token: term, changes: [first] });
        expect(await ledger.commit({ token: term, changes: [second] })).toEqual({ kind: 'committed' });
        expect(await ledger.load()).toEqual(new Map([['a', second.after]]));
        expect(await sent()).toEqual(['one', 'two']);
      });

      test('publishes no message, or several to several queues', async () => {
        const term = await ledger.beginTerm();
        const messages = [
          makeMessage('one', { queue: 'red' }),
          makeMessage('two', { queue: 'blue' }),
          makeMessage('three', { queue: 'red' }),
        ];
        const quiet: Change = { entry: 'quiet', before: null, after: NEW_STATE, messages: [] };
        const loud: Change = { entry: 'loud', before: null, after: advanceState(NEW_STATE, 'three'), messages };
        await ledger.commit({ token: term, changes: [quiet, loud] });
        expect(await sent('red')).toEqual(['one', 'three']);
        expect(await sent('blue')).toEqual(['two']);
        expect((await ledger.load()).get('quiet')).toEqual(NEW_STATE);
      });

      test('without changes succeeds', async () => {
        expect(await ledger.commit({ token: await ledger.beginTerm(), changes: [] })).toEqual({ kind: 'committed' });
      });

      test('leaves the states of other entries unchanged', async () => {
        const term = await ledger.beginTerm();
        const first = makeFirstRun('a');
        await ledger.commit({ token: term, changes: [first] });
        await ledger.commit({ token: term, changes: [makeFirstRun('b')] });
        expect((await ledger.load()).get('a')).toEqual(first.after);
      });

      test('whose expected state differs is rejected as a whole, with the name of the entry', async () => {
        const term = await ledger.beginTerm();
        const first = makeFirstRun('a', 'one');
        await ledger.commit({ token: term, changes: [first] });
        const stale = makeNextRun({ ...first, after: NEW_STATE }, 'two');
        expect(await ledger.commit({ token: term, changes: [makeFirstRun('b'), stale] })).toEqual({
          kind: 'conflict',
          entries: ['a'],
        });
        expect(await ledger.load()).toEqual(new Map([['a', first.after]]));
        expect(await sent()).toEqual(['one']);
      });

      test('that expects a missing state, or none where there is one, is rejected', async () => {
        const term = await ledger.beginTerm();
        const there = makeFirstRun('there', 'one');
        await ledger.commit({ token: term, changes: [there] });
        const outcome = await ledger.commit({
          token: term,
          changes: [makeFirstRun('there', 'two'), makeNextRun(makeFirstRun('missing'), 'three')],
        });
        expect(outcome).toEqual({ kind: 'conflict', entries: ['there', 'missing'] });
        expect(await sent()).toEqual(['one']);
      });

      test('succeeds while a commit of other entries is in progress', async () => {
        const term = await ledger.beginTerm();
        const outcomes = await Promise.all(
          ['a', 'b', 'c', 'd'].map((entry) => ledger.commit({ token: term, changes: [makeFirstRun(entry)] })),
        );
        expect(outcomes).toEqual(Array(4).fill({ kind: 'committed' }));
        expect(await sent()).toEqual(['task-a', 'task-b', 'task-c', 'task-d']);
      });

      test('of many entries and messages is atomic', async () => {
        const term = await ledger.beginTerm();
        const changes = Array.from({ length: 9_000 }, (_, i): Change => {
          const messages = [makeMessage(`task-${i}`, { queue: `queue-${i % 2}` })];
          return { entry: `entry-${i}`, before: null, after: advanceState(NEW_STATE, `task-${i}`), messages };
        });
        expect(await ledger.commit({ token: term, changes })).toEqual({ kind: 'committed' });
        expect(await ledger.load()).toEqual(new Map(changes.map((c) => [c.entry, c.after])));
        expect(await sent('queue-0')).toHaveLength(4_500);
        expect((await sent('queue-1')).slice(0, 2)).toEqual(['task-1', 'task-3']);
      });
    });

    describe('a repeated commit', () => {
      test('after success publishes nothing and is committed', async () => {
        const term = await ledger.beginTerm();
        const changes = [makeFirstRun('a'), makeFirstRun('b')];
        await ledger.commit({ token: term, changes });
        expect(await ledger.commit({ token: term, changes })).toEqual({ kind: 'committed' });
        expect(await sent()).toEqual(['task-a', 'task-b']);
      });

      test('during the first one publishes once', async () => {
        const term = await ledger.beginTerm();
        const outcomes = await Promise.all([
          ledger.commit({ token: term, changes: [makeFirstRun('a')] }),
          ledger.commit({ token: term, changes: [makeFirstRun('a')] }),
        ]);
        expect(outcomes).toEqual(Array(2).fill({ kind: 'committed' }));
        expect(await sent()).toEqual(['task-a']);
      });

      test('of only some changes is rejected as a whole', async () => {
        const term = await ledger.beginTerm();
        await ledger.commit({ token: term, changes: [makeFirstRun('a')] });
        const outcome = await ledger.commit({ token: term, changes: [makeFirstRun('a'), makeFirstRun('b')] });
        expect(outcome).toEqual({ kind: 'conflict', entries: ['a'] });
        expect(await sent()).toEqual(['task-a']);
      });

      test('after a newer commit is rejected', async () => {
        const term = await ledger.beginTerm();
        const first = makeFirstRun('a', 'one');
        await ledger.commit({ token: term, changes: [first] });
        await ledger.commit({ token: term, changes: [makeNextRun(first, 'two')] });
        expect((await ledger.commit({ token: term, changes: [first] })).kind).toBe('conflict');
        expect(await sent()).toEqual(['one', 'two']);
      });
    });

    termContract(() => testStore);

    test('entries may have any name', async () => {
      const names = ['芹菜 🥬', '__proto__', '', ' ', 'a:b*{c}\n"d"\\', '0', 'é', 'e\u0301'];
      const changes = names.map((entry, i) => makeFirstRun(entry, `task-${i}`));
      const term = await ledger.beginTerm();
      expect(await ledger.commit({ token: term, changes })).toEqual({ kind: 'committed' });
      const records = await ledger.load();
      expect([...records.keys()].sort()).toEqual([...names].sort());
      for (const { entry, after: record } of changes) expect(records.get(entry)).toEqual(record);
    });

    test('a state is read as it was written', async () => {
      const record: EntryState = {
        version: 1,
        rev: 1,
        spec: 'cron("*/5 * * * *", "Europe/Oslo") ±∞',
        anchor: -62_135_596_800_000,
        dueAt: 8_640_000_000_000_000,
        sentAt: 0,
        taskId: '00000000-0000-5000-8000-000000000000',
        runCount: Number.MAX_SAFE_INTEGER,
      };
      const unscheduled: EntryState = { ...NEW_STATE, spec: null };
      const term = await ledger.beginTerm();
      await ledger.commit({
        token: term,
        changes: [
          { entry: 'a', before: null, after: record, messages: [] },
          { entry: 'b', before: null, after: unscheduled, messages: [] },
        ],
      });
      expect(await (await open()).load()).toEqual(
        new Map([
          ['a', record],
          ['b', unscheduled],
        ]),
      );
    });

    test('an invalid state is an error that names its entry', async () => {
      await ledger.commit({
        token: await ledger.beginTerm(),
        changes: [makeFirstRun('good'), makeFirstRun('nightly report')],
      });
      await testStore.damageState('nightly report');
      const error = await ledger.load().catch((e: unknown) => e);
      expect(error).toBeInstanceOf(StoreError);
      expect((error as Error).message).toContain('nightly report');
    });

    test('ledgers of two key prefixes are independent', async () => {
      const other = (await testStore.open({ keyPrefix: 'other' })).ledger;
      const [ours, theirs] = [await ledger.beginTerm(), await other.beginTerm()];
      await other.commit({ token: theirs, changes: [makeFirstRun('a', 'theirs')] });
      expect(await ledger.load()).toEqual(new Map());
      const own = makeFirstRun('a', 'ours');
      expect(await ledger.commit({ token: ours, changes: [own] })).toEqual({ kind: 'committed' });
      expect(await sent()).toEqual(['theirs', 'ours']);
      expect(await ledger.load()).toEqual(new Map([['a', own.after]]));
      expect((await other.load()).get('a')).toMatchObject({ taskId: 'theirs' });
    });
  });
}
