import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openConsumer } from '../../src/drivers/open-consumer.ts';
import { openStore } from '../../src/leader/outbox/open-store.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { makeFirstRun, makeNextRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

export interface RightsOptions {
  readonly start: () => Promise<SqlServer>;
  /** Makes the user `narrow` with every right to the tables that are there. */
  readonly makeUser: (server: SqlServer) => Promise<unknown>;
  readonly revoke: (server: SqlServer, action: string, table: string) => Promise<unknown>;
  readonly grant: (server: SqlServer, action: string, table: string) => Promise<unknown>;
}

async function rejection(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'it resolved',
    (error: unknown) => String(error),
  );
}

/** Users who lack a right on a database server. */
export function sqlRights(name: string, options: RightsOptions): void {
  describe(`${name}, users without a right`, () => {
    let server: SqlServer;
    const stores: Store[] = [];

    const narrow = () => server.url().replace('//beat:', '//narrow:');
    const open = (more: Partial<StoreOptions> = {}) => {
      const store = openSqlStore(storeOptions(narrow(), more));
      stores.push(store);
      return store;
    };
    const missing = (action: string, table: string) => `user "narrow" lacks ${action} on ${table}`;

    beforeAll(async () => {
      server = await options.start();
    });
    beforeEach(async () => {
      await server.empty();
      const made = openSqlStore(storeOptions(server.url()));
      await made.lock.acquire().then((lease) => lease?.release());
      await made.close();
      await options.makeUser(server);
    });
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });
    afterAll(() => server.stop());

    test('with all rights on the tables, lock, term, commit and outbox work', async () => {
      const { lock, ledger } = open();
      await (await lock.acquire())!.release();
      const term = await ledger.beginTerm();
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
      expect(await ledger.append({ token: term, changes: [makeFirstRun('b')] })).toMatchObject({ kind: 'committed' });
      expect(await ledger.remove(term, [])).toBe(true);
    });

    test('the errors of commit and outbox name all missing rights', async () => {
      const { ledger } = open();
      const term = await ledger.beginTerm();
      for (const action of ['INSERT', 'UPDATE']) await options.revoke(server, action, 'beat_outbox');
      await expect(ledger.append({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow(
        'lacks INSERT on beat_outbox, UPDATE on beat_outbox: ',
      );
      await options.revoke(server, 'INSERT', 'beat_entry');
      await options.revoke(server, 'INSERT', 'kombu_message');
      await expect(ledger.commit({ token: term, changes: [makeFirstRun('a')] })).rejects.toThrow(
        'lacks INSERT on beat_entry, INSERT on kombu_message: ',
      );
    });

    test('the error of a lock without INSERT on beat_lock names the right', async () => {
      await options.revoke(server, 'INSERT', 'beat_lock');
      await expect(open().lock.acquire()).rejects.toThrow(missing('INSERT', 'beat_lock'));
    });

    test.each([
      ['INSERT', 'beat_entry'],
      ['UPDATE', 'beat_entry'],
      ['SELECT', 'beat_entry'],
      ['UPDATE', 'beat_term'],
      ['DELETE', 'beat_lock'],
      ['UPDATE', 'beat_lock'],
    ])('no term begins without %s on %s, and the error names the right', async (action, table) => {
      await options.revoke(server, action, table);
      const { ledger } = open();
      for (let i = 0; i < 2; i++) {
        await expect(ledger.beginTerm()).rejects.toThrow(missing(action, table));
      }
      await options.grant(server, action, table);
      expect(await ledger.beginTerm()).toBeGreaterThan(0);
    });

    test.each([
      ['INSERT', 'beat_entry'],
      ['UPDATE', 'beat_entry'],
      ['INSERT', 'kombu_message'],
    ])(
      'a commit without %s on %s changes nothing, and publishes once after the right is granted',
      async (action, table) => {
        const { ledger } = open();
        const term = await ledger.beginTerm();
        const first = makeFirstRun('a', 'one');
        await ledger.commit({ token: term, changes: [first] });
        await options.revoke(server, action, table);
        const commit = () => ledger.commit({ token: term, changes: [makeNextRun(first, 'two')] });
        for (let i = 0; i < 3; i++) await expect(commit()).rejects.toThrow(missing(action, table));
        expect(await server.readPayloads()).toHaveLength(1);
        await options.grant(server, action, table);
        expect(await commit()).toEqual({ kind: 'committed' });
        expect(await server.readPayloads()).toHaveLength(2);
      },
    );

    test.each([
      ['SELECT', 'kombu_message'],
      ['UPDATE', 'kombu_message'],
      ['INSERT', 'kombu_message'],
      ['SELECT', 'beat_unacked'],
      ['INSERT', 'beat_unacked'],
      ['UPDATE', 'beat_unacked'],
      ['DELETE', 'beat_unacked'],
    ])(
      'a worker without %s on %s receives no message, and receives it after the right is granted',
      async (action, table) => {
        const { broker } = open();
        await broker.publish([makeMessage('a', { queue: 'shell' })]);
        await options.revoke(server, action, table);
        const settings = storeOptions(narrow());
        const consumer = await openConsumer(settings.broker, { ...settings, from: ['shell'], prefetch: 1 });
        const { signal } = new AbortController();
        for (let i = 0; i < 2; i++) await expect(consumer.receive(signal)).rejects.toThrow(missing(action, table));
        await options.grant(server, action, table);
        const delivery = await consumer.receive(signal);
        await delivery!.requeue();
        expect(await (await consumer.receive(signal))!.ack()).toBe(true);
        await consumer.close();
      },
    );

    test('without INSERT on kombu_queue only entries of undeclared queues are rejected', async () => {
      const { ledger } = open();
      const term = await ledger.beginTerm();
      await ledger.commit({ token: term, changes: [makeFirstRun('a')] });
      await options.revoke(server, 'INSERT', 'kombu_queue');
      const other = { ...makeFirstRun('b'), messages: [makeMessage('two', { queue: 'other' })] };
      expect(await ledger.commit({ token: term, changes: [other] })).toEqual({
        kind: 'store-rejected',
        reason: expect.stringContaining(missing('INSERT', 'kombu_queue')) as string,
      });
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('c')] })).toEqual({ kind: 'committed' });
    });

    test('an outbox without DELETE publishes nothing, now or in a later term', async () => {
      const pair = await openStore({ ...storeOptions(server.url()), state: parseEndpoint(narrow()) });
      stores.push(pair);
      await options.revoke(server, 'DELETE', 'beat_outbox');
      const denied = missing('DELETE', 'beat_outbox');
      const term = await pair.ledger.beginTerm();
      await expect(pair.ledger.commit({ token: term, changes: [makeFirstRun('new')] })).rejects.toThrow(denied);
      const full = openSqlStore(storeOptions(server.url()));
      stores.push(full);
      await full.ledger.append({ token: await full.ledger.beginTerm(), changes: [makeFirstRun('old')] });
      for (let i = 0; i < 3; i++) await expect(pair.ledger.beginTerm()).rejects.toThrow(denied);
      expect(await server.readPayloads()).toEqual([]);
    });

    test('pruning without DELETE on kombu_message is a warning until the right is granted', async () => {
      const warn = vi.fn();
      const { broker } = open({ warn });
      await options.revoke(server, 'DELETE', 'kombu_message');
      const many = () => broker.publish(Array.from({ length: 2_000 }, (_, i) => makeMessage(`${i}`)));
      await many();
      await server.query(`UPDATE kombu_message SET visible = false, timestamp = '2026-01-01 00:00:00'`);
      await many();
      expect(warn).toHaveBeenLastCalledWith('pruning', expect.stringContaining(missing('DELETE', 'kombu_message')));
      await options.grant(server, 'DELETE', 'kombu_message');
      await many();
      expect(warn).toHaveBeenLastCalledWith('pruning', null);
    });

    test.each([
      ['append', 'INSERT', 'beat_command'],
      ['pending', 'SELECT', 'beat_command'],
      ['findAudit', 'SELECT', 'beat_audit'],
      ['readAudit', 'SELECT', 'beat_audit'],
    ] as const)(
      'the error of commands.%s without %s on %s names the right, and how to grant it',
      async (operation, action, table) => {
        const { commands } = open();
        const run = () =>
          ({
            append: () => commands.append('{}'),
            pending: () => commands.pending(1),
            findAudit: () => commands.findAudit(['one']),
            readAudit: () => commands.readAudit(1),
          })[operation]();
        await options.revoke(server, action, table);
        const error = await rejection(run());
        expect(error).toContain(`commands.${operation}: `);
        expect(error).toContain(missing(action, table));
        expect(error).toContain(`GRANT ${action} ON ${table} TO "narrow"`);
        await options.grant(server, action, table);
        expect(await rejection(run())).toBe('it resolved');
      },
    );

    const FINISHING = [
      ['SELECT', 'beat_command'],
      ['DELETE', 'beat_command'],
      ['SELECT', 'beat_audit'],
      ['INSERT', 'beat_audit'],
      ['UPDATE', 'beat_audit'],
      ['DELETE', 'beat_audit'],
    ] as const;

    test.each(
      (['commit', 'append'] as const).flatMap((method) => FINISHING.map((right) => [method, ...right] as const)),
    )(
      'a %s that finishes a command without %s on %s changes nothing, and succeeds after the right is granted',
      async (method, action, table) => {
        const { ledger, commands } = open();
        const token = await ledger.beginTerm();
        await commands.append('{}');
        const [{ key } = { key: '' }] = await commands.pending(1);
        const changes = [makeFirstRun('a')];
        const finished = [{ key, id: 'one', audit: '{}' }];
        const finish = () => ledger[method]({ token, changes, commands: finished });
        await options.revoke(server, action, table);
        expect(await rejection(finish())).toContain(missing(action, table));
        expect((await ledger.load()).size).toBe(0);
        await options.grant(server, action, table);
        expect(await commands.pending(1)).toHaveLength(1);
        expect(await finish()).toMatchObject({ kind: 'committed' });
        expect(await commands.pending(1)).toEqual([]);
        expect(await commands.readAudit(1)).toMatchObject([{ json: '{}' }]);
      },
    );

    test('without rights on the tables of commands, runs are published and a wait for commands ends', async () => {
      const { ledger, commands } = open();
      for (const [action, table] of FINISHING) await options.revoke(server, action, table);
      const token = await ledger.beginTerm();
      await commands.waitForCommand(new AbortController().signal);
      expect(await ledger.commit({ token, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
      expect(await server.readPayloads()).toHaveLength(1);
    });

    test.each(['commit', 'append'] as const)(
      'a %s that removes an entry without DELETE on beat_entry names the right, and others are committed',
      async (method) => {
        const { ledger, entries } = open();
        const token = await ledger.beginTerm();
        const first = { ...makeFirstRun('a'), stored: { dueAt: 1, definition: '{}' } };
        await ledger[method]({ token, changes: [first] });
        const changes = [{ entry: 'a', before: first.after, after: null, messages: [] }];
        await options.revoke(server, 'DELETE', 'beat_entry');
        expect(await ledger[method]({ token, changes })).toEqual({
          kind: 'store-rejected',
          reason: expect.stringContaining(missing('DELETE', 'beat_entry')) as string,
        });
        expect(await ledger[method]({ token, changes: [makeFirstRun('c')] })).toMatchObject({ kind: 'committed' });
        await options.grant(server, 'DELETE', 'beat_entry');
        expect(await entries.page({ limit: 9 })).toHaveLength(1);
        expect(await ledger[method]({ token, changes })).toMatchObject({ kind: 'committed' });
        expect(await entries.page({ limit: 9 })).toEqual([]);
      },
    );

    test('the errors of reading stored entries without SELECT on beat_entry name the right', async () => {
      await options.revoke(server, 'SELECT', 'beat_entry');
      const entries = open().entries;
      const reads = [entries.find(['a']), entries.page({ limit: 1 })];
      for (const read of reads) expect(await rejection(read)).toContain(missing('SELECT', 'beat_entry'));
    });

    test('the error of missing tables without CREATE names the right', async () => {
      await server.empty();
      await options.makeUser(server).catch(() => {});
      const { lock } = open();
      // MariaDB lets a user without any right into no database.
      const denied = /user "narrow" lacks CREATE on the schema|Access denied for user 'narrow'/;
      await expect(lock.acquire()).rejects.toThrow(denied);
    });
  });
}
