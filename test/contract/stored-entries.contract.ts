import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change, StoredChange } from '../../src/contracts/store/commit.ts';
import { encodeState, type EntryState } from '../../src/contracts/store/entry-state.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import type { EntrySearch, Position, StoredEntries, StoredEntry } from '../../src/contracts/store/stored-entries.ts';
import { advanceState, NEW_STATE } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import type { TestStateStore } from './outbox.contract.ts';
import { isReadable } from '../../src/contracts/store/unreadable.ts';

/** The contract of stores about entries of both kinds: those with a definition in the store, and declared ones. */
export function storedEntriesContract(name: string, openTestStore: () => Promise<TestStateStore>): void {
  describe(`${name} stored entries`, () => {
    let testStore: TestStateStore;
    let store: StateStore;
    let entries: StoredEntries & EntrySearch;
    let term: number;

    beforeEach(async () => {
      testStore = await openTestStore();
      store = await testStore.open();
      entries = store.entries;
      term = await store.ledger.beginTerm();
    });

    afterEach(() => testStore.close());

    /** How a commit reaches the store: with the broker, or with the outbox instead. */
    const ways = ['commit', 'append'] as const;

    const commit = (changes: readonly Change[], way: (typeof ways)[number] = 'commit') =>
      store.ledger[way]({ token: term, changes });

    async function add(...added: { entry: string; dueAt: number | null }[]): Promise<void> {
      const outcome = await commit(added.map(({ entry, dueAt }) => adding(entry, dueAt)));
      expect(outcome).toMatchObject({ kind: 'committed' });
    }

    async function pages(limit: number, dueBy?: number): Promise<string[][]> {
      const found: string[][] = [];
      for (let after: Position | undefined; ;) {
        const page = await entries.page({ limit, after, dueBy });
        if (page.length === 0) return found;
        found.push(page.map(({ entry }) => entry));
        after = page.at(-1);
      }
    }

    test('are empty at first', async () => {
      expect(await entries.find(['a'])).toEqual([]);
      expect(await entries.find([])).toEqual([]);
      expect(await entries.page({ limit: 10 })).toEqual([]);
    });

    /** Names that begin with the prefix, by pages of two. */
    async function findByPrefix(prefix: string): Promise<readonly string[]> {
      const found: string[] = [];
      for (;;) {
        const page = await entries.findByPrefix(prefix, { limit: 2, after: found.at(-1) });
        found.push(...page);
        if (page.length < 2) return found;
      }
    }

    test('are found by the beginning of their name, with any character', async () => {
      const mails = ['mail digest', 'mail.*', 'mail_[a]', 'mail\\x', 'mail', "mail'", 'mail😀'];
      const others = ['MAIL', 'mai', 'maim', 'a mail', 'ünï😀', '😀', '%', '_'];
      await add(...[...mails, ...others].map((entry) => ({ entry, dueAt: 60_000 })));
      expect(await findByPrefix('mail')).toEqual(mails.toSorted());
      for (const name of [...mails.slice(0, 4), ...others.filter((each) => each !== 'mai')])
        expect(await findByPrefix(name)).toEqual([name]);
      expect(await findByPrefix('absent')).toEqual([]);
      expect(await findByPrefix('x\u0000')).toEqual([]);
    });

    test('are found by the beginning of their name until they are removed', async () => {
      await add({ entry: 'a1', dueAt: 1 }, { entry: 'a2', dueAt: null });
      const next = advanceState(NEW_STATE, 'task-a');
      await commit([change('a2', NEW_STATE, next, { dueAt: 3 })]);
      expect(await findByPrefix('a')).toEqual(['a1', 'a2']);
      await commit([removing('a1')], 'append');
      expect(await findByPrefix('a')).toEqual(['a2']);
      const other = await testStore.open({ keyPrefix: 'other' });
      expect(await other.entries.findByPrefix('a', { limit: 9 })).toEqual([]);
    });

    test('are read by position alone in the same order', async () => {
      const [late, never, soon] = [
        { entry: 'late', dueAt: 9 },
        { entry: 'never', dueAt: null },
        { entry: 'so on', dueAt: 9 },
      ];
      await add(late, never, soon);
      expect(await entries.positions({ limit: 9 })).toEqual([late, soon, never]);
      expect(await entries.positions({ limit: 1, after: late })).toEqual([soon]);
      expect(await entries.positions({ limit: 9, after: never })).toEqual([]);
    });

    test.each(ways)('are created, changed and removed by %s', async (way) => {
      await commit([adding('a', 60_000), adding('b', null)], way);
      expect(await entries.find(['a', 'b', 'c'])).toEqual(expect.arrayContaining([row('a', 60_000), row('b', null)]));

      const next = advanceState(NEW_STATE, 'task-a');
      const definition = '{"task":"other ü😀"}';
      await commit([change('a', NEW_STATE, next, { dueAt: 120_000, definition })], way);
      expect(await entries.find(['a'])).toEqual([{ entry: 'a', definition, state: encodeState(next), dueAt: 120_000 }]);

      await commit([removing('a', next)], way);
      expect(await entries.find(['a'])).toEqual([]);
      expect(await pages(10)).toEqual([['b']]);
    });

    test.each(ways)('keep their definition when %s writes their state only', async (way) => {
      await add({ entry: 'a', dueAt: 60_000 });
      const next = advanceState(NEW_STATE, 'task-a');
      await commit([change('a', NEW_STATE, next, { dueAt: 70_000 })], way);
      expect(await entries.find(['a'])).toEqual([{ ...row('a', 70_000), state: encodeState(next) }]);
    });

    test('publish their messages in the commit that writes their state', async () => {
      await add({ entry: 'a', dueAt: 60_000 });
      const next = advanceState(NEW_STATE, 'task-a');
      const messages = [makeMessage('task-a')];
      const run = { ...change('a', NEW_STATE, next, { dueAt: 120_000 }), messages };
      expect(await commit([run])).toMatchObject({ kind: 'committed' });
      expect(await commit([run])).toMatchObject({ kind: 'committed' });
      expect((await testStore.queued('celery')).map(({ taskId }) => taskId)).toEqual(['task-a']);
    });

    test('append their messages to the outbox in the commit that writes their state', async () => {
      await add({ entry: 'a', dueAt: 60_000 });
      const next = advanceState(NEW_STATE, 'task-a');
      const messages = [makeMessage('task-a')];
      await commit([{ ...change('a', NEW_STATE, next, { dueAt: 120_000 }), messages }], 'append');
      const pending = await store.ledger.pending(10, '');
      expect(pending.filter(isReadable).map(({ message }) => message.taskId)).toEqual(['task-a']);
    });

    test.each(ways)('are written once when %s is repeated', async (way) => {
      const added = [adding('a', 60_000)];
      await commit(added, way);
      expect(await commit(added, way)).toMatchObject({ kind: 'committed' });
      const removed = [removing('a')];
      await commit(removed, way);
      expect(await commit(removed, way)).toMatchObject({ kind: 'committed' });
      expect(await entries.find(['a'])).toEqual([]);
    });

    test.each(ways)('are not changed by %s when one state is not as expected', async (way) => {
      await add({ entry: 'a', dueAt: 1 });
      const wrong = advanceState(NEW_STATE, 'other');
      const outcome = await commit([adding('b', 2), change('a', wrong, advanceState(wrong, 'x'), { dueAt: 3 })], way);
      expect(outcome).toEqual({ kind: 'conflict', entries: ['a'] });
      const again = change('a', null, { ...NEW_STATE, anchor: 5 }, { dueAt: 5, definition: '{}' });
      expect(await commit([again], way)).toMatchObject({ kind: 'conflict' });
      expect(await entries.page({ limit: 10 })).toEqual([row('a', 1)]);
    });

    test.each(ways)('are not changed by %s of an older term', async (way) => {
      await store.ledger.beginTerm();
      expect(await commit([adding('a', 1)], way)).toEqual({ kind: 'fenced' });
      expect(await entries.page({ limit: 10 })).toEqual([]);
    });

    test.each(ways)('finish commands in the same %s', async (way) => {
      await store.commands.append('{"do":"add"}');
      const { key } = (await store.commands.pending(1))[0]!;
      const commands = [{ key, id: 'id-1', audit: '{"answer":1}' }];
      await store.ledger[way]({ token: term, changes: [adding('a', 1)], commands });
      expect(await entries.find(['a'])).toHaveLength(1);
      expect(await store.commands.pending(1)).toEqual([]);
      expect(await store.commands.findAudit(['id-1'])).toEqual(new Map([['id-1', '{"answer":1}']]));
    });

    const declared = (entry: string): Change => ({ entry, before: null, after: NEW_STATE, messages: [] });
    const stateNames = async () => [...(await store.ledger.load()).keys()].toSorted();

    test.each(ways)('and declared ones are either all written by one %s, or none is', async (way) => {
      const changes = [adding('a', 1), declared('b'), adding('c', 2), declared('d')];
      await commit(changes, way);
      expect(await stateNames()).toEqual(['b', 'd']);
      expect(await entries.page({ limit: 10 })).toEqual([row('a', 1), row('c', 2)]);
      expect(await entries.find(['a', 'b', 'c', 'd'])).toHaveLength(2);
      const states = await store.ledger.findStates(['a', 'b', 'x'], () => {});
      expect(states).toEqual(new Map(['a', 'b'].map((name) => [name, NEW_STATE])));

      const next = advanceState(NEW_STATE, 'again');
      const moved = [change('a', NEW_STATE, next, { dueAt: 9 }), { ...declared('b'), after: next }];
      expect(await commit(moved, way)).toEqual({ kind: 'conflict', entries: ['b'] });
      expect(await entries.find(['a'])).toEqual([row('a', 1)]);
      await commit([moved[0]!, { ...moved[1]!, before: NEW_STATE }, removing('c')], way);
      expect(await entries.page({ limit: 10 })).toEqual([{ ...row('a', 9), state: encodeState(next) }]);
      expect((await store.ledger.load()).get('b')).toEqual(next);
    });

    test.each(ways)('share the state of a declared one of their name: %s', async (way) => {
      await commit([declared('a'), declared('b')], way);
      const next = advanceState(NEW_STATE, 'next');
      const definition = definitionOf('a');
      await commit([change('a', NEW_STATE, next, { dueAt: 5, definition })], way);
      expect(await entries.page({ limit: 10 })).toEqual([{ ...row('a', 5), state: encodeState(next) }]);
      expect(await stateNames()).toEqual(['b']);

      const last = advanceState(next, 'last');
      await commit([{ entry: 'a', before: next, after: last, messages: [] }], way);
      expect(await entries.find(['a'])).toEqual([{ ...row('a', 5), state: encodeState(last) }]);
      const left = advanceState(last, 'left');
      await commit([change('a', last, left, { dueAt: null, definition: null })], way);
      expect(await entries.find(['a'])).toEqual([]);
      expect(await entries.page({ limit: 10 })).toEqual([]);
      expect(await findByPrefix('a')).toEqual([]);
      expect((await store.ledger.load()).get('a')).toEqual(left);
    });

    test('and declared ones are listed in batches of a thousand, each kind separately', async () => {
      const names = Array.from({ length: 2_500 }, (_, i) => `entry ${String(i).padStart(5, '0')}`);
      await commit(names.flatMap((name) => [declared(`d ${name}`), adding(name, 60_000)]));
      expect(await stateNames()).toEqual(names.map((name) => `d ${name}`));
      expect((await pages(1_000)).flat()).toEqual(names);
      const found = await store.ledger.findStates(names, () => {});
      expect([...found.keys()].toSorted()).toEqual(names);
    });

    test('and declared ones may have any name', async () => {
      const odd = ['- ', '-', '- a', 'never', '', '1 2', 'a\nb', '芹菜 🥬'];
      await commit(odd.map(declared));
      expect(await stateNames()).toEqual(odd.toSorted());
      await commit(odd.map((name) => removing(name)));
      expect(await stateNames()).toEqual([]);
      const stored = odd.filter((name) => name !== '');
      await add(...stored.map((entry) => ({ entry, dueAt: 1 })));
      expect((await pages(2)).flat()).toEqual(stored.toSorted());
      expect(await stateNames()).toEqual([]);
    });

    test('are read by other processes, and not under another key prefix', async () => {
      await add({ entry: 'a', dueAt: 1 });
      expect(await (await testStore.open()).entries.page({ limit: 10 })).toEqual([row('a', 1)]);
      const other = await testStore.open({ keyPrefix: 'other' });
      expect(await other.entries.page({ limit: 10 })).toEqual([]);
      expect(await other.entries.find(['a'])).toEqual([]);
    });

    test('are paged by the time at which they are due, then by name, those never due last', async () => {
      await add(
        { entry: 'never', dueAt: null },
        { entry: 'late', dueAt: 3_000_000_000_000 },
        { entry: 'b', dueAt: 9 },
        { entry: 'ä', dueAt: 9 },
        { entry: 'B', dueAt: 9 },
        { entry: 'a', dueAt: 10 },
        { entry: 'before 1970', dueAt: -5_000 },
      );
      const order = ['before 1970', 'B', 'b', 'ä', 'a', 'late', 'never'];
      for (const limit of [1, 2, 3, 7, 100]) expect((await pages(limit)).flat()).toEqual(order);
      expect((await pages(2, 10)).flat()).toEqual(order.slice(0, 5));
      expect((await pages(2, 9)).flat()).toEqual(order.slice(0, 4));
      expect(await entries.page({ limit: 10, dueBy: 10, after: { entry: 'x', dueAt: 9 } })).toEqual([
        row('ä', 9),
        row('a', 10),
      ]);
    });

    test('move in the order when their due time changes', async () => {
      await add({ entry: 'a', dueAt: 1 }, { entry: 'b', dueAt: 2 });
      const next = advanceState(NEW_STATE, 'task-a');
      await commit([change('a', NEW_STATE, next, { dueAt: 3 })]);
      expect(await pages(1)).toEqual([['b'], ['a']]);
      await commit([change('a', next, advanceState(next, 'again'), { dueAt: null })]);
      expect(await pages(1, 1_000)).toEqual([['b']]);
      expect(await pages(1)).toEqual([['b'], ['a']]);
    });

    test('stay in their place in the order when a commit does not change when they are due', async () => {
      await add({ entry: 'a', dueAt: 1 }, { entry: 'b', dueAt: null }, { entry: 'c', dueAt: 3 });
      const next = advanceState(NEW_STATE, 'again');
      await commit([
        change('a', NEW_STATE, next, { dueAt: 1 }),
        change('b', NEW_STATE, next, { dueAt: null, definition: '{}' }),
      ]);
      expect(await entries.page({ limit: 10 })).toEqual([
        { ...row('a', 1), state: encodeState(next) },
        row('c', 3),
        { entry: 'b', definition: '{}', state: encodeState(next), dueAt: null },
      ]);
    });

    test('are committed and paged in batches of a thousand', async () => {
      const names = Array.from({ length: 2_500 }, (_, i) => `entry ${String(i).padStart(5, '0')}`);
      await add(...names.map((entry) => ({ entry, dueAt: 60_000 })));
      expect((await pages(1_000)).map((page) => page.length)).toEqual([1_000, 1_000, 500]);
      expect((await pages(700)).flat()).toEqual(names);
      expect(await entries.find(names)).toHaveLength(2_500);
      await commit(names.map((entry) => removing(entry)));
      expect(await pages(1_000)).toEqual([]);
    });

    test('lose their state, and nothing else, when it is removed', async () => {
      await add({ entry: 'a', dueAt: 5 });
      expect(await store.ledger.removeState(term, 'a')).toBe(true);
      expect(await entries.page({ limit: 10 })).toEqual([{ ...row('a', 5), state: null }]);
      expect(await commit([change('a', null, NEW_STATE, { dueAt: 7 })])).toMatchObject({ kind: 'committed' });
      expect(await entries.page({ limit: 10 })).toEqual([row('a', 7)]);
    });

    test.each(ways)('are removed by %s after their state was', async (way) => {
      await add({ entry: 'a', dueAt: 5 });
      await store.ledger.removeState(term, 'a');
      expect(await commit([removing('a', null)], way)).toMatchObject({ kind: 'committed' });
      expect(await entries.page({ limit: 10 })).toEqual([]);
    });
  });
}

function definitionOf(entry: string): string {
  return JSON.stringify({ task: `tasks.${entry}`, schedule: 60 });
}

function row(entry: string, dueAt: number | null): StoredEntry {
  return { entry, definition: definitionOf(entry), state: encodeState(NEW_STATE), dueAt };
}

function adding(entry: string, dueAt: number | null): Change {
  return change(entry, null, NEW_STATE, { dueAt, definition: definitionOf(entry) });
}

/** Removes an entry with its state. */
function removing(entry: string, before: EntryState | null = NEW_STATE): Change {
  return { entry, before, after: null, messages: [] };
}

function change(entry: string, before: EntryState | null, after: EntryState, stored: StoredChange): Change {
  return { entry, before, after, messages: [], stored };
}
