import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/util/system-clock.ts';
import type { Ledger } from '../../src/contracts/store/ledger.ts';
import { makeFirstRun, makeNextRun } from '../support/change.ts';
import type { TestStore } from './test-store.ts';

/** What `Ledger` promises of terms: the part of its contract that keeps two leaders apart. */
export function termContract(current: () => TestStore): void {
  describe('term: its fencing token', () => {
    let testStore: TestStore;
    let ledger: Ledger;

    const open = async () => (await testStore.open()).ledger;
    const sent = async () => (await testStore.queued('celery')).map((m) => m.taskId);

    beforeEach(async () => {
      testStore = current();
      ledger = await open();
    });

    test('is larger than the token of every earlier term of any instance', async () => {
      const theirs = await open();
      const terms = [];
      for (const each of [ledger, theirs, ledger, theirs]) terms.push(await each.beginTerm());
      expect(terms).toEqual([...new Set(terms)].sort((a, b) => a - b));
      expect(terms.every(Number.isSafeInteger)).toBe(true);
    });

    test('also grows while the clock stands still', async () => {
      const clock = { ...systemClock, now: () => 1_800_000_000_000 };
      const [ours, theirs] = [await testStore.open({ clock }), await testStore.open({ clock })];
      const terms = [];
      for (const each of [ours, theirs, theirs, ours]) terms.push(await each.ledger.beginTerm());
      expect(terms).toEqual([...new Set(terms)].sort((a, b) => a - b));
    });

    test('cannot commit after a newer term has begun', async () => {
      const theirs = await open();
      const old = await ledger.beginTerm();
      const newer = await theirs.beginTerm();
      expect(await ledger.commit({ token: old, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
      expect(await ledger.load()).toEqual(new Map());
      expect(await sent()).toEqual([]);
      expect(await theirs.commit({ token: newer, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
    });

    test('cannot commit if its term never began', async () => {
      expect(await ledger.commit({ token: 1, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
      const term = await ledger.beginTerm();
      expect(await ledger.commit({ token: term + 1, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
      expect(await sent()).toEqual([]);
    });

    test('commits to the states of the previous term', async () => {
      const first = makeFirstRun('a', 'one');
      await ledger.commit({ token: await ledger.beginTerm(), changes: [first] });
      const theirs = await open();
      const term = await theirs.beginTerm();
      expect(await theirs.commit({ token: term, changes: [makeNextRun(first, 'two')] })).toEqual({ kind: 'committed' });
      expect(await sent()).toEqual(['one', 'two']);
    });

    test('cannot commit after the ledger was emptied', async () => {
      const term = await ledger.beginTerm();
      await testStore.empty();
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
      expect(await sent()).toEqual([]);
    });

    test('also grows after the ledger was emptied', async () => {
      const before = await ledger.beginTerm();
      await testStore.empty();
      const after = await ledger.beginTerm();
      expect(after).toBeGreaterThan(before);
      expect(await ledger.commit({ token: after, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
    });
  });
}
