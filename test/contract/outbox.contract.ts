import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/contracts/store/commit.ts';
import type { Outbox, PendingMessage, WithdrawnRow } from '../../src/contracts/store/outbox.ts';
import type { Message } from '../../src/celery/message/message.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { makeFirstRun, NEW_STATE, makeNextRun, advanceState } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import type { TestStore } from './test-store.ts';
import { isReadable, isUnreadable } from '../../src/contracts/store/unreadable.ts';

/** A test store that can hold the state for another broker. */
export interface TestStateStore extends TestStore {
  readonly url: string;
  open(...options: Parameters<TestStore['open']>): Promise<StateStore>;
}

/**
 * Every sentence of `Outbox`, run against one implementation. `many` is how many messages wait at once: fewer on a
 * server that searches all documents for each.
 */
export function outboxContract(name: string, openTestStore: () => Promise<TestStateStore>, many = 100_000): void {
  describe(`outbox: ${name}`, () => {
    let testStore: TestStateStore;
    let outbox: Outbox;
    let term: number;

    const open = async (): Promise<Outbox> => (await testStore.open()).ledger;
    const tasks = (kept: readonly PendingMessage[]) => kept.filter(isReadable).map(({ message }) => message.taskId);
    const kept = async () => tasks(await outbox.pending(1_000, ''));
    const ids = async () => (await outbox.pending(1_000, '')).map(({ id }) => id);
    const keep = async (...changes: readonly Change[]) => outbox.append({ token: term, changes });

    beforeEach(async () => {
      testStore = await openTestStore();
      outbox = await open();
      term = await outbox.beginTerm();
    });
    afterEach(() => testStore.close());

    test('stores messages with their states and publishes none', async () => {
      const [a, b] = [makeFirstRun('a'), makeFirstRun('b')];
      const outcome = await keep(a, b);
      expect(outcome).toEqual({ kind: 'committed', pending: await outbox.pending(10, '') });
      expect(await kept()).toEqual(['task-a', 'task-b']);
      expect(await testStore.queued('celery')).toEqual([]);
      expect(await (await open()).load()).toEqual(new Map([a, b].map(({ entry, after: record }) => [entry, record])));
    });

    test('lists pending messages by time, then by entry, in pages', async () => {
      const [late, early] = [makeFirstRun('late', 'l1'), makeFirstRun('early', 'e1')];
      const messages = ['e2', 'e3', 'e4'].map((id) => makeMessage(id));
      const record = advanceState(early.after, 'e4');
      await keep(late);
      await keep(makeNextRun(late, 'l2'));
      await keep(early);
      await keep({ entry: 'early', before: early.after, after: record, messages });
      const all = ['e1', 'l1', 'e2', 'e3', 'e4', 'l2'];
      expect(await kept()).toEqual(all);

      const paged: string[] = [];
      for (let after = ''; ;) {
        const page = await outbox.pending(4, after);
        paged.push(...tasks(page));
        if (page.length < 4) break;
        after = page.at(-1)!.id;
      }
      expect(paged).toEqual(all);
    });

    test('an occurrence before 1970 is older than an occurrence after 1970', async () => {
      const runs = [-62_135_596_800_000, -1, 0, 9_999, 8_640_000_000_000_000];
      for (const dueAt of runs.toReversed()) {
        const record = { ...NEW_STATE, dueAt };
        const messages = [makeMessage(String(dueAt))];
        await keep({ entry: `e${dueAt}`, before: null, after: record, messages });
      }
      expect(await kept()).toEqual(runs.map(String));
    });

    test('a message is read as it was written', async () => {
      const message: Message = {
        ...makeMessage('a', { queue: 'очередь {1}', priority: 7 }),
        headers: { nested: { list: [1.5, -0.1, null, { '': 'ü\u2028' }], big: 2 ** 60 }, t: true },
        properties: { correlation_id: 'a', reply_to: 'r', delivery_mode: 1, priority: 7, expiration: '60000' },
        body: Buffer.from([0, 255, 10, 13, 128]),
        run: { entry: 'a', dueAt: 5, cause: 'manual', commandId: 'c1' },
      };
      await keep({ ...makeFirstRun('a'), messages: [message] });
      expect(await outbox.pending(1, '')).toMatchObject([{ message }]);
    });

    test('an unreadable message keeps its place among the others, and can be removed', async () => {
      const [first, bad, last] = ['a', 'b', 'c'].map((entry) => makeFirstRun(entry));
      const damaged = { ...makeMessage('task-b'), destination: {} } as Message;
      await keep(first!, { ...bad!, messages: [damaged] }, last!);
      const page = await outbox.pending(10, '');
      expect(tasks(page)).toEqual(['task-a', 'task-c']);
      const found = page.filter(isUnreadable);
      const repair = expect.stringMatching(/^beat forget --outbox '.* b .*'$/) as string;
      const reason = expect.stringContaining('not a message: "{') as string;
      expect(found).toEqual([{ kind: 'unreadable', id: page[1]!.id, at: null, reason, repair }]);
      expect(await outbox.pending(1, page[0]!.id)).toEqual(found);
      expect(await outbox.remove(term, [found[0]!.id])).toBe(true);
      expect(tasks(await outbox.pending(10, ''))).toEqual(['task-a', 'task-c']);
    });

    describe('a repeated append', () => {
      test('stores no message twice', async () => {
        const changes = [makeFirstRun('a'), makeFirstRun('b')];
        const first = await keep(...changes);
        expect(await keep(...changes)).toEqual(first);
        expect(await kept()).toEqual(['task-a', 'task-b']);
      });

      test('does not restore removed messages, and reports those still pending', async () => {
        const changes = [makeFirstRun('a'), makeFirstRun('b'), makeFirstRun('c')];
        await keep(...changes);
        const [, b] = await ids();
        expect(await outbox.remove(term, [b!])).toBe(true);
        const again = await keep(...changes);
        expect(again.kind === 'committed' && tasks(again.pending)).toEqual(['task-a', 'task-c']);
        expect(await kept()).toEqual(['task-a', 'task-c']);
        await outbox.remove(term, await ids());
        expect(await keep(...changes)).toEqual({ kind: 'committed', pending: [] });
        expect(await kept()).toEqual([]);
      });

      test('during the first one stores once', async () => {
        await Promise.all([keep(makeFirstRun('a')), keep(makeFirstRun('a'))]);
        expect(await kept()).toEqual(['task-a']);
      });
    });

    test('stores the newer message when a forgotten entry publishes the same occurrence again', async () => {
      const first = makeFirstRun('a', 'one');
      await keep(first);
      await (await testStore.open()).ledger.removeState(term, 'a');
      const again = { ...first, messages: [makeMessage('two')] };
      expect(await keep(again)).toMatchObject({ kind: 'committed' });
      expect(await kept()).toEqual(['two']);
    });

    test('stores nothing when a state differs from the expected one, with the name of the entry', async () => {
      await keep(makeFirstRun('a', 'one'));
      expect(await keep(makeFirstRun('b'), makeFirstRun('a', 'two'))).toEqual({ kind: 'conflict', entries: ['a'] });
      expect(await kept()).toEqual(['one']);
    });

    test('an older term stores and removes nothing', async () => {
      await keep(makeFirstRun('a'));
      await (await open()).beginTerm();
      expect(await keep(makeFirstRun('b'))).toEqual({ kind: 'fenced' });
      expect(await outbox.remove(term, await ids())).toBe(false);
      expect(await kept()).toEqual(['task-a']);
    });

    test('the next term finds the messages of the last one and removes them', async () => {
      await keep(makeFirstRun('a'));
      const theirs = await open();
      const newer = await theirs.beginTerm();
      const left = await theirs.pending(10, '');
      expect(tasks(left)).toEqual(['task-a']);
      expect(await theirs.remove(newer, [left[0]!.id])).toBe(true);
      expect(await kept()).toEqual([]);
    });

    test('removing no message, or a missing one, succeeds', async () => {
      await keep(makeFirstRun('a'));
      expect(await outbox.remove(term, [])).toBe(true);
      expect(await outbox.remove(term, ['never kept'])).toBe(true);
      expect(await keep()).toEqual({ kind: 'committed', pending: [] });
      expect(await kept()).toEqual(['task-a']);
    });

    describe('the removal of a withdrawn run', () => {
      const SKIP = { kind: 'skip', first: 1, last: 1, count: 1, reason: 'expired', term: 1 } as const;
      const row = (messageId: string, entry = 'a'): WithdrawnRow => ({
        messageId,
        entry,
        row: { ...SKIP, at: Date.now(), taskId: `task-${entry}` },
      });
      const history = async (entry = 'a') => {
        const page = await (await testStore.open()).history!.read(entry, { limit: 10 });
        return page.rows.map(({ kind }) => kind);
      };

      test('appends its row to the history in the same step', async () => {
        await keep(makeFirstRun('a'), makeFirstRun('b'));
        const [a, b] = await ids();
        expect(await outbox.remove(term, [a!, b!], [row(a!)])).toBe(true);
        expect(await kept()).toEqual([]);
        expect([await history(), await history('b')]).toEqual([['skip'], []]);
      });

      test('appends no row again when it is repeated, and that of another message', async () => {
        await keep(makeFirstRun('a'), makeFirstRun('b'));
        const [a, b] = await ids();
        await outbox.remove(term, [a!], [row(a!)]);
        expect(await outbox.remove(term, [a!], [row(a!)])).toBe(true);
        expect(await outbox.remove(term, [a!, b!], [row(a!), row(b!, 'b')])).toBe(true);
        expect(await kept()).toEqual([]);
        expect([await history(), await history('b')]).toEqual([['skip'], ['skip']]);
      });

      test('appends nothing in an older term', async () => {
        await keep(makeFirstRun('a'));
        const [a] = await ids();
        await (await open()).beginTerm();
        expect(await outbox.remove(term, [a!], [row(a!)])).toBe(false);
        expect(await kept()).toEqual(['task-a']);
        expect(await history()).toEqual([]);
      });
    });

    test('is empty after the store was emptied', async () => {
      await keep(makeFirstRun('a'));
      await testStore.empty();
      expect(await kept()).toEqual([]);
      expect(await outbox.remove(term, ['x'])).toBe(false);
    });

    test('outboxes of two key prefixes are independent', async () => {
      const other = (await testStore.open({ keyPrefix: 'other' })).ledger;
      await other.append({ token: await other.beginTerm(), changes: [makeFirstRun('a', 'theirs')] });
      await keep(makeFirstRun('a', 'ours'));
      expect(await kept()).toEqual(['ours']);
      await outbox.remove(term, await ids());
      expect(await kept()).toEqual([]);
      expect(tasks(await other.pending(10, ''))).toEqual(['theirs']);
      expect(await keep(makeFirstRun('a', 'ours'))).toEqual({ kind: 'committed', pending: [] });
    });

    test(`stores ${many} messages`, { timeout: 60_000 }, async () => {
      const [count, bite] = [many, many / 10];
      for (let from = 0; from < count; from += bite) {
        const names = Array.from({ length: bite }, (_, i) => `e${from + i}`);
        await keep(...names.map((entry) => makeFirstRun(entry)));
      }
      let after = '';
      for (let from = 0; from < count; from += bite) {
        const page = await outbox.pending(bite, after);
        expect(page).toHaveLength(bite);
        after = page.at(-1)!.id;
        const forgotten = page.map(({ id }) => id);
        expect(await outbox.remove(term, forgotten)).toBe(true);
      }
      expect(await outbox.pending(1, '')).toEqual([]);
    });
  });
}
