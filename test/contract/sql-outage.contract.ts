import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../src/util/errors.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { makeFirstRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import { Proxy } from '../support/proxy.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { storeOptions } from './test-store.ts';

/** A lock TTL of 2 s, so that statements time out after a second. Milliseconds. */
const SHORT_TIMEOUT = { lockTtl: 2_000 };
const CHANGE = makeFirstRun('a');

/** Failures of a database server. */
export function sqlOutages(name: string, start: () => Promise<SqlServer>): void {
  describe(`${name}, outages`, () => {
    let server: SqlServer;
    const stores: StateStore[] = [];

    const open = (url = server.url(), options: Partial<StoreOptions> = {}): StateStore => {
      const store = openSqlStore(storeOptions(url, options));
      stores.push(store);
      return store;
    };
    const queued = async () => (await server.readPayloads()).length;

    beforeAll(async () => {
      server = await start();
    });
    beforeEach(() => server.empty());
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });
    afterAll(() => server.stop());

    test('a commit without a reply fails, and publishes once when it is repeated', async () => {
      const { ledger } = open(server.url(), SHORT_TIMEOUT);
      const term = await ledger.beginTerm();
      server.freeze();
      const error = await rejection(ledger.commit({ token: term, changes: [CHANGE] }));
      server.thaw();
      expect(error.message).toMatch(new RegExp(`^ledger\\.commit: ${server.name} did not answer in 1000 ms \\(`));
      expect(await untilAnswered(() => ledger.commit({ token: term, changes: [CHANGE] }))).toEqual({
        kind: 'committed',
      });
      expect(await queued()).toBe(1);
    });

    test('a commit whose replies are lost fails, and publishes once when it is repeated', async () => {
      await using wire = await Proxy.to(server.port);
      const { ledger } = open(server.url(wire.port), SHORT_TIMEOUT);
      const term = await ledger.beginTerm();
      const answered = wire.dropReplies();
      const committing = rejection(ledger.commit({ token: term, changes: [CHANGE] }));
      await answered;
      wire.cut();
      expect((await committing).message).toMatch(new RegExp(`^ledger\\.commit: no connection to ${server.name}: `));
      expect(await ledger.commit({ token: term, changes: [CHANGE] })).toEqual({ kind: 'committed' });
      expect(await queued()).toBe(1);
    });

    test('an operation whose connection was terminated is repeated and publishes once', async () => {
      const { ledger } = open();
      const term = await ledger.beginTerm();
      for (let i = 0; i < 20; i++) {
        const change = makeFirstRun(`e${i}`);
        const committing = ledger.commit({ token: term, changes: [change] }).catch(() => null);
        await Promise.all([committing, server.terminateConnections('beat-ledger')]);
        const again = () => ledger.commit({ token: term, changes: [change] });
        expect(await untilAnswered(again)).toEqual({ kind: 'committed' });
      }
      expect(await queued()).toBe(20);
    });

    test('a leader that was cut off during a commit does not delay the next term', async () => {
      await using wire = await Proxy.to(server.port);
      const ours = open(server.url(wire.port), SHORT_TIMEOUT);
      const theirs = open(server.url(), SHORT_TIMEOUT);
      const term = await ours.ledger.beginTerm();
      await using other = await server.session();
      await other.query('BEGIN');
      await other.query(`INSERT INTO kombu_queue (id, name) VALUES (1, 'celery')`);
      const committing = rejection(ours.ledger.commit({ token: term, changes: [CHANGE] }));
      await server.waitForLockWaiters();
      // From here on the server receives nothing from it, not even the end of the connection.
      wire.stall();
      await other.query('ROLLBACK');
      expect(await untilAnswered(() => theirs.ledger.beginTerm())).toBeGreaterThan(term);
      await committing;
      wire.flow();
      const late = await untilAnswered(() => ours.ledger.commit({ token: term, changes: [CHANGE] }));
      expect(late).toEqual({ kind: 'fenced' });
      expect(await queued()).toBe(0);
    });

    test('committed data and the connection are back after the server was killed', async () => {
      const { ledger } = open();
      const term = await ledger.beginTerm();
      await ledger.commit({ token: term, changes: [CHANGE] });
      await server.kill();
      await rejection(ledger.commit({ token: term, changes: [CHANGE] }));
      await server.start();
      const commit = () => ledger.commit({ token: term, changes: [CHANGE] });
      expect(await untilAnswered(commit)).toEqual({ kind: 'committed' });
      expect(await ledger.load()).toEqual(new Map([['a', CHANGE.after]]));
      expect(await queued()).toBe(1);
    });

    test('every operation names an unreachable server in its error, and opening a store does not connect', async () => {
      const { lock, ledger, broker } = open();
      const never = open(server.url(), { keyPrefix: 'never used' });
      const lease = (await lock.acquire())!;
      await server.kill();
      await never.close();
      const asked = {
        'lock.acquire': () => lock.acquire(),
        'lock.renew': () => lease.renew(),
        'lock.release': () => lease.release(),
        'ledger.load': () => ledger.load(),
        'ledger.beginTerm': () => ledger.beginTerm(),
        'ledger.commit': () => ledger.commit({ token: 1, changes: [CHANGE] }),
        'outbox.append': () => ledger.append({ token: 1, changes: [CHANGE] }),
        'outbox.pending': () => ledger.pending(1, ''),
        'outbox.remove': () => ledger.remove(1, []),
        'broker.publish': () => broker.publish([makeMessage('a')]),
      };
      for (const [operation, ask] of Object.entries(asked)) {
        const error = await rejection(ask());
        expect(error.message).toContain(`${operation}: no connection to ${server.name}: `);
        expect(error).toMatchObject({ unreachable: { server: server.name } });
        expect(error.cause).toBeInstanceOf(Error);
      }
      await server.start();
    });

    test('a wrong password is reported without being shown', async () => {
      const wrong = server.url().replace(encodeURIComponent(server.password), 'sesame');
      const { lock, ledger } = open(wrong);
      for (const ask of [() => ledger.load(), () => lock.acquire()]) {
        const error = await rejection(ask());
        expect(error.message).toMatch(new RegExp(`${server.name} refused: .*beat`));
        expect(inspect(error, { depth: null })).not.toContain('sesame');
      }
    });

    test('a follower is notified of a release after its connections were terminated', async () => {
      const [leader, follower] = [open(), open()];
      const lease = (await leader.lock.acquire())!;
      const { signal } = new AbortController();
      const follow = async () => {
        for (;;) {
          const won = await follower.lock.acquire().catch(() => null);
          if (won) return won;
          await follower.lock.waitForRelease(signal);
        }
      };
      const following = follow();
      await vi.waitFor(async () => {
        const cut = await server.terminateConnections('beat-notifications');
        expect(cut + (await server.terminateConnections('beat-lock'))).toBeGreaterThan(0);
      });
      await untilAnswered(() => lease.release());
      expect(await (await following).renew()).toBe(true);
    });

    test('a deadlock is retried without an error', async () => {
      const { ledger } = open();
      const term = await ledger.beginTerm();
      await ledger.commit({ token: term, changes: [CHANGE] });
      await using other = await server.session();
      await other.query('BEGIN');
      await other.query(`UPDATE beat_entry SET state = state WHERE entry = 'a'`);
      // Holds the term, and waits for the record.
      const next = { ...makeFirstRun('a', 'two'), before: CHANGE.after };
      const committing = ledger.commit({ token: term, changes: [next] });
      await server.waitForLockWaiters();
      await other.query('SELECT number FROM beat_term FOR UPDATE').catch(() => {});
      await other.query('ROLLBACK');
      expect(await committing).toEqual({ kind: 'committed' });
      expect(await queued()).toBe(2);
    });
  });
}

async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    (value) => new Error(`it resolved: ${inspect(value)}`),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

/** An outage ends for a connection when it has come back, which takes it a moment. */
function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  return vi.waitFor(ask, { timeout: 20_000 });
}
