import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeAudit } from '../../src/entries/commands/audit.ts';
import { StoreError } from '../../src/util/errors.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { makeFirstRun, NEW_STATE, makeNextRun } from '../support/change.ts';
import { writeInvalidRecords } from '../support/invalid-records.ts';
import type { TestStateStore } from './outbox.contract.ts';
import { isReadable, isUnreadable } from '../../src/contracts/store/unreadable.ts';

/** The contract of ledgers about unreadable states and the removal of states. */
export function stateRemovalContract(name: string, openTestStore: () => Promise<TestStateStore>): void {
  describe(`state removal: ${name}`, () => {
    let testStore: TestStateStore;
    let ledger: StateStore['ledger'];

    beforeEach(async () => {
      testStore = await openTestStore();
      ({ ledger } = await testStore.open());
    });
    afterEach(() => testStore.close());

    const ODD = ["it's", '-x', ' ', 'a\nb', '芹菜 🥬', '__proto__', 'a:b*{c}"d"\\'];

    test('an invalid state is reported with its entry, and the others are read', async () => {
      const good = makeFirstRun('good');
      await ledger.commit({ token: await ledger.beginTerm(), changes: [good, makeFirstRun('bad')] });
      await testStore.damageState('bad');
      const errors = new Map<string, StoreError>();
      const states = await ledger.load((entry, error) => errors.set(entry, error));
      expect(states).toEqual(new Map([['good', good.after]]));
      expect([...errors.keys()]).toEqual(['bad']);
      expect(errors.get('bad')).toBeInstanceOf(StoreError);
      expect(errors.get('bad')!.message).toContain('the state of entry "bad" cannot be read');
    });

    test('records with values out of their range are unreadable, the others are read, and all can be removed', async () => {
      const store = await testStore.open();
      const token = await ledger.beginTerm();
      await writeInvalidRecords(store, token, 'bad');
      await writeInvalidRecords(store, token, null);
      const errors: string[] = [];
      const states = await ledger.load((entry) => errors.push(entry));
      expect([...states.keys()]).toEqual(['good']);
      expect(errors).toEqual(['bad']);
      expect(await ledger.findStates(['bad', 'good'], () => {})).toEqual(states);
      const rows = await store.history!.read('good', { limit: 10 });
      expect(rows.rows).toMatchObject([
        { kind: 'outcome', taskId: 'good' },
        { kind: 'unreadable', at: expect.any(String) as string, repair: `beat forget --history good` },
      ]);
      const readable = rows.rows.filter(isReadable);
      expect((await store.history!.latest(['good'], 10)).get('good')).toEqual(readable);
      const positions = rows.rows.filter(isUnreadable).map(({ id }) => id);
      for (let i = 0; i < 2; i++) await store.history!.removeRows('good', positions);
      expect((await store.history!.read('good', { limit: 10 })).rows).toEqual(readable);
      expect(await store.instances.list()).toMatchObject([
        { id: 'good', role: 'follower' },
        { kind: 'unreadable', id: 'bad', at: null },
      ]);
      const audit = await store.commands.readAudit(10);
      expect(audit.map(decodeAudit)).toMatchObject([
        { id: 'good', status: 'applied' },
        { kind: 'unreadable', id: 'bad', repair: 'beat forget --audit bad' },
      ]);
      await store.commands.removeAudit('bad');
      expect(await store.commands.readAudit(10)).toEqual(audit.slice(0, 1));
      expect(await ledger.removeState(token, 'bad')).toBe(true);
      expect([...(await ledger.load()).keys()]).toEqual(['good']);
    });

    test('removing the state of an entry of any name changes no other', async () => {
      const changes = [...ODD, 'other'].map((entry) => makeFirstRun(entry));
      await ledger.commit({ token: await ledger.beginTerm(), changes });
      const term = await ledger.beginTerm();
      for (const entry of ODD) expect(await ledger.removeState(term, entry)).toBe(true);
      expect([...(await ledger.load()).keys()]).toEqual(['other']);
    });

    test('removes an invalid state, and accepts a missing one', async () => {
      await ledger.commit({ token: await ledger.beginTerm(), changes: [makeFirstRun('bad')] });
      await testStore.damageState('bad');
      const term = await ledger.beginTerm();
      expect(await ledger.removeState(term, 'bad')).toBe(true);
      expect(await ledger.removeState(term, 'bad')).toBe(true);
      expect(await ledger.load()).toEqual(new Map());
    });

    test('removing a state changes none of another key prefix', async () => {
      const other = (await testStore.open({ keyPrefix: 'other' })).ledger;
      const theirs = makeFirstRun('a', 'theirs');
      await other.commit({ token: await other.beginTerm(), changes: [theirs] });
      const term = await ledger.beginTerm();
      await ledger.commit({ token: term, changes: [makeFirstRun('a', 'ours')] });
      expect(await ledger.removeState(term, 'a')).toBe(true);
      expect(await other.load()).toEqual(new Map([['a', theirs.after]]));
    });

    test('an older term removes no state', async () => {
      const first = makeFirstRun('a');
      const old = await ledger.beginTerm();
      await ledger.commit({ token: old, changes: [first] });
      await (await testStore.open()).ledger.beginTerm();
      expect(await ledger.removeState(old, 'a')).toBe(false);
      expect(await ledger.load()).toEqual(new Map([['a', first.after]]));
    });

    test('after a removal, an earlier leader publishes neither a new run nor the last run again', async () => {
      const first = makeFirstRun('a', 'one');
      const leading = await ledger.beginTerm();
      await ledger.commit({ token: leading, changes: [first] });
      const repairing = (await testStore.open()).ledger;
      const term = await repairing.beginTerm();
      await repairing.removeState(term, 'a');
      expect(await ledger.commit({ token: leading, changes: [first] })).toEqual({ kind: 'fenced' });
      expect(await ledger.commit({ token: leading, changes: [makeNextRun(first, 'two')] })).toEqual({ kind: 'fenced' });
      const fresh = { entry: 'a', before: null, after: NEW_STATE, messages: [] };
      expect(await repairing.commit({ token: term, changes: [fresh] })).toEqual({ kind: 'committed' });
      const next = await ledger.beginTerm();
      expect(await ledger.commit({ token: next, changes: [makeNextRun(first, 'two')] })).toMatchObject({
        kind: 'conflict',
      });
      expect((await testStore.queued('celery')).map(({ taskId }) => taskId)).toEqual(['one']);
    });
  });
}
