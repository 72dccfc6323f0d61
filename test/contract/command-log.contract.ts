import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandLog, FinishedCommand } from '../../src/contracts/store/command-log.ts';
import type { Commit } from '../../src/contracts/store/commit.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { NEW_STATE } from '../support/change.ts';
import type { TestStateStore } from './outbox.contract.ts';

/** The contract of `CommandLog`, and of the commit that finishes commands. */
export function commandLogContract(name: string, openTestStore: () => Promise<TestStateStore>): void {
  describe(`${name} command log`, () => {
    let testStore: TestStateStore;
    let store: StateStore;
    let log: CommandLog;

    beforeEach(async () => {
      testStore = await openTestStore();
      store = await testStore.open();
      log = store.commands;
    });

    afterEach(() => testStore.close());

    const texts = async (limit = 100, from = log) => (await from.pending(limit)).map(({ json }) => json);

    async function finish(term: number, ...finished: FinishedCommand[]) {
      return store.ledger.commit({ token: term, changes: [], commands: finished });
    }

    test('is empty at first', async () => {
      expect(await texts()).toEqual([]);
      expect(await log.readAudit(10)).toEqual([]);
      expect(await log.findAudit(['one'])).toEqual(new Map());
    });

    test('returns commands in the order in which they were appended, to every process', async () => {
      const other = (await testStore.open()).commands;
      for (const json of ['{"a":1}', '{"b":2}', '{"c":"ü😀"}']) await log.append(json);
      expect(await texts(100, other)).toEqual(['{"a":1}', '{"b":2}', '{"c":"ü😀"}']);
      expect(await texts(2)).toEqual(['{"a":1}', '{"b":2}']);
    });

    test('keeps commands of another key prefix apart', async () => {
      const other = (await testStore.open({ keyPrefix: 'other' })).commands;
      await other.append('{"theirs":1}');
      expect(await texts()).toEqual([]);
      expect(await texts(100, other)).toEqual(['{"theirs":1}']);
    });

    test('replaces a command by its audit row in one commit', async () => {
      await log.append('one');
      await log.append('two');
      const [one] = await log.pending(1);
      const term = await store.ledger.beginTerm();
      await finish(term, { key: one!.key, id: 'id-1', audit: '{"answer":1}' });
      expect(await texts()).toEqual(['two']);
      expect(await log.findAudit(['id-1', 'id-2'])).toEqual(new Map([['id-1', '{"answer":1}']]));
      const [two] = await log.pending(1);
      await finish(term, { key: two!.key, id: 'id-2', audit: '{"answer":2}' });
      expect(await texts()).toEqual([]);
      expect(await log.readAudit(10)).toEqual([
        { id: 'id-2', json: '{"answer":2}' },
        { id: 'id-1', json: '{"answer":1}' },
      ]);
      expect(await log.readAudit(1)).toEqual([{ id: 'id-2', json: '{"answer":2}' }]);
      await log.removeAudit('id-2');
      for (const id of ['id-2', 'absent']) await log.removeAudit(id);
      for (const limit of [1, 10]) expect(await log.readAudit(limit)).toEqual([{ id: 'id-1', json: '{"answer":1}' }]);
      expect(await log.findAudit(['id-1', 'id-2'])).toEqual(new Map([['id-1', '{"answer":1}']]));
    });

    test('removes a command without an id and adds no audit row', async () => {
      await log.append('junk');
      const [junk] = await log.pending(1);
      await finish(await store.ledger.beginTerm(), { key: junk!.key, id: null, audit: '' });
      expect(await texts()).toEqual([]);
      expect(await log.readAudit(10)).toEqual([]);
    });

    test('returns a command of over 1,000,000 bytes without its text, and removes it by its key', async () => {
      const long = (char: string, bytes: number) => char.repeat(bytes);
      for (const json of ['one', long('x', 1_000_001), long('ü', 500_001), long('z', 1_000_000)]) {
        await log.append(json);
      }
      const term = await store.ledger.beginTerm();
      const read: (number | null)[] = [];
      for (;;) {
        const page = await log.pending(10);
        if (page.length === 0) break;
        read.push(...page.map(({ json }) => json?.length ?? null));
        expect(page.every(({ key, json }) => json !== null || key.length < 100)).toBe(true);
        const finished = page.map(({ key }) => ({ key, id: key.slice(0, 100), audit: '{}' }));
        await finish(term, ...finished);
        await finish(term, ...finished);
      }
      expect(read).toEqual([3, null, null, 1_000_000]);
    });

    test('returns at most 4,000,000 bytes of text at once', async () => {
      const lengths = [900_000, 900_001, 900_002, 900_003, 900_004, 5];
      for (const length of lengths) await log.append('x'.repeat(length));
      const page = await log.pending(100);
      expect(page.map(({ json }) => json!.length)).toEqual(lengths.slice(0, 4));
      const term = await store.ledger.beginTerm();
      await finish(term, ...page.map(({ key }) => ({ key, id: null, audit: '' })));
      expect((await texts()).map((json) => json!.length)).toEqual(lengths.slice(4));
    });

    test('removes no command in a commit of an older term', async () => {
      await log.append('one');
      const [one] = await log.pending(1);
      const old = await store.ledger.beginTerm();
      await store.ledger.beginTerm();
      const outcome = await finish(old, { key: one!.key, id: 'id-1', audit: '{}' });
      expect(outcome).toMatchObject({ kind: 'fenced' });
      expect(await texts()).toEqual(['one']);
      expect(await log.findAudit(['id-1'])).toEqual(new Map());
    });

    test('accepts a repeated commit that finishes a command, as after a lost answer', async () => {
      await log.append('one');
      await log.append('two');
      const [one] = await log.pending(1);
      const term = await store.ledger.beginTerm();
      const finished = { key: one!.key, id: 'id-1', audit: '{}' };
      await finish(term, finished);
      await finish(term, finished);
      expect(await texts()).toEqual(['two']);
      expect(await log.readAudit(10)).toMatchObject([{ json: '{}' }]);
    });

    test.each(['commit', 'append'] as const)(
      'a %s of another command that leads to the same state is a conflict, and repeating the first is not',
      async (way) => {
        const write = (commit: Commit) => store.ledger[way](commit);
        for (const json of ['one', 'two']) await log.append(json);
        const [one, two] = await log.pending(2);
        const token = await store.ledger.beginTerm();
        const changes = ['a', 'b'].map((entry) => ({ entry, before: null, after: NEW_STATE, messages: [] }));
        const first = { token, changes, commands: [{ key: one!.key, id: 'id-1', audit: '{}' }] };
        const other = { token, changes, commands: [{ key: two!.key, id: 'id-2', audit: '{}' }] };
        expect(await write(first)).toMatchObject({ kind: 'committed' });
        expect(await write(other)).toEqual({ kind: 'conflict', entries: ['a', 'b'] });
        expect(await write(first)).toMatchObject({ kind: 'committed' });
        expect(await write({ ...first, commands: [...first.commands, ...other.commands] })).toMatchObject({
          kind: 'conflict',
        });
        expect(await texts()).toEqual(['two']);
        expect(await log.readAudit(10)).toEqual([{ id: 'id-1', json: '{}' }]);
      },
    );

    test('notifies a leader that waits in another process', async () => {
      const other = (await testStore.open()).commands;
      await other.pending(10);
      const stop = new AbortController();
      const waiting = other.waitForCommand(stop.signal);
      await log.append('one');
      await waiting;
      expect(await texts(10, other)).toEqual(['one']);
      stop.abort();
    });

    test('notifies a leader that has not read the newest command at once', async () => {
      await log.pending(10);
      await log.append('one');
      await log.waitForCommand(new AbortController().signal);
      expect(await texts()).toEqual(['one']);
    });

    test('stops waiting when the signal aborts', async () => {
      await log.pending(10);
      const stop = new AbortController();
      const waiting = log.waitForCommand(stop.signal);
      stop.abort();
      await expect(waiting).resolves.toBeUndefined();
    });
  });
}
