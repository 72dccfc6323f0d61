import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../src/drivers/sql/database.ts';
import { mysqlDialect } from '../../src/drivers/sql/mysql/driver.ts';
import { postgresDialect } from '../../src/drivers/sql/postgresql/driver.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { makeFirstRun } from '../support/change.ts';
import { makeMessage } from '../support/message.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { forwardableClock, storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const HOUR = 3_600_000;

/** What a database server guarantees beyond the contracts of all stores. */
export function sqlFaults(name: string, start: () => Promise<SqlServer>): void {
  describe(`${name}, statements`, () => {
    let server: SqlServer;
    const stores: StateStore[] = [];

    const open = (options: Partial<StoreOptions> = {}): StateStore => {
      const store = openSqlStore(storeOptions(server.url(), options));
      stores.push(store);
      return store;
    };
    const taskIds = async (queue: string) =>
      (await server.readPayloads(queue)).map((text) => (JSON.parse(text) as { headers: { id: string } }).headers.id);

    beforeAll(async () => {
      server = await start();
    });
    beforeEach(() => server.empty());
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });
    afterAll(() => server.stop());

    const tooLong = makeMessage('too long', { queue: 'q'.repeat(201) });

    test('a commit to a queue whose name is too long is rejected with the server’s message, and changes nothing', async () => {
      const { ledger } = open();
      const term = await ledger.beginTerm();
      const change = { ...makeFirstRun('a'), messages: [makeMessage('one'), tooLong] };
      const outcome = await ledger.commit({ token: term, changes: [change] });
      expect(outcome).toMatchObject({
        kind: 'store-rejected',
        reason: expect.stringMatching(/^ledger\.commit: \w+ refused: .*too long/) as string,
      });
      expect(await ledger.load()).toEqual(new Map());
      expect(await server.readPayloads()).toEqual([]);
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'committed' });
    });

    test('messages that cannot be published are rejected, and the others are queued', async () => {
      const { broker } = open();
      const fine = ['a', 'b', 'c', 'd', 'e'].map((id) => makeMessage(id));
      const rejected = await broker.publish([...fine.slice(0, 3), tooLong, ...fine.slice(3)]);
      expect(rejected).toMatchObject([{ message: tooLong }]);
      expect(await taskIds('celery')).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    test('a payload is ASCII, as kombu writes it, and is decoded to the original', async () => {
      const { broker } = open();
      const message = { ...makeMessage('a'), headers: { id: 'a', team: 'blé 漢 🎺' } };
      await broker.publish([message]);
      const [payload = ''] = await server.readPayloads('celery');
      expect(payload).toMatch(/^[ -~]*$/);
      expect(JSON.parse(payload)).toMatchObject({ headers: message.headers });
    });

    test('commits remove consumed rows except the newest 1,000', async () => {
      const { ledger, broker } = open();
      const term = await ledger.beginTerm();
      await broker.publish(Array.from({ length: 2_600 }, (_, i) => makeMessage(`old ${i}`)));
      await server.query(`UPDATE kombu_message SET visible = false, timestamp = '2026-01-01 00:00:00'`);
      // An operator makes a message visible again, so that its task runs once more.
      const [again] = await server.query('SELECT min(id) AS id FROM kombu_message');
      await server.query('UPDATE kombu_message SET visible = true WHERE id = ?', again!['id']);
      await broker.publish([makeMessage('waits')]);
      for (let i = 0; i < 5; i++) {
        const changes = Array.from({ length: 500 }, (_, n) => makeFirstRun(`${i} ${n}`));
        await ledger.commit({ token: term, changes });
      }
      const [taken] = await server.query('SELECT count(*) AS n FROM kombu_message WHERE visible = false');
      expect(Number(taken!['n'])).toBe(1_000);
      expect(await server.readPayloads()).toHaveLength(2_502);
    });

    test('pruning ignores rows that were made visible again', async () => {
      await open().broker.publish([makeMessage('taken'), makeMessage('visible again')]);
      await server.query(`UPDATE kombu_message SET timestamp = '2026-01-01 00:00:00'`);
      const [{ id: first } = {}] = await server.query('SELECT min(id) AS id FROM kombu_message');
      await server.query('UPDATE kombu_message SET visible = false WHERE id = ?', first);
      const make = server.name === 'PostgreSQL' ? postgresDialect : mysqlDialect;
      const made = make(parseEndpoint(server.url()), 5_000, systemClock);
      const db = new Database(made, 'test', 5_000, systemClock);
      const ids = async () => (await db.read('broker.prune', made.sql.findConsumed(10, 0))).map(({ id }) => Number(id));
      const [taken, again] = [Number(first), Number(first) + 1];
      expect(await ids()).toEqual([taken]);
      expect(await db.write('broker.prune', made.sql.deleteConsumed([taken, again]))).toBe(1);
      expect(await ids()).toEqual([]);
      expect(await taskIds('celery')).toEqual(['visible again']);
      await db.close();
    });

    test('pruning removes the rows that were consumed first', async () => {
      const { broker } = open();
      await broker.publish(Array.from({ length: 1_600 }, (_, i) => makeMessage(`old ${i}`)));
      await server.query(`UPDATE kombu_message SET visible = false, timestamp = '2026-01-01 00:00:00'`);
      const [{ id: first } = {}] = await server.query('SELECT min(id) AS id FROM kombu_message');
      await server.query(
        `UPDATE kombu_message SET timestamp = '2026-01-02 00:00:00' WHERE id < ? + 1000`,
        Number(first),
      );
      await broker.publish(Array.from({ length: 600 }, (_, i) => makeMessage(`new ${i}`)));
      const left = await server.query(
        `SELECT count(*) AS n, min(timestamp) = max(timestamp) AS same, min(id) = ? AS oldest
         FROM kombu_message WHERE visible = false`,
        Number(first),
      );
      expect(left.map(({ n, same, oldest }) => [Number(n), same, oldest].map(Number))).toEqual([[1_000, 1, 1]]);
    });

    test('the lock of a dead leader is free after its TTL, even if the server’s clock was set back', async () => {
      const clock = forwardableClock();
      const [ours, theirs] = [open(), open({ clock })];
      await ours.lock.acquire();
      await server.query(`UPDATE beat_lock SET expires_at = expires_at + ${HOUR}`);
      expect(await theirs.lock.acquire()).toBeNull();
      clock.forward(60_000);
      expect(await theirs.lock.acquire()).not.toBeNull();
    });

    test.each([0, 90_000, -90_000])('a clock skew of %i ms is reported', async (ms) => {
      const clock = forwardableClock();
      clock.forward(ms);
      const { skew, eviction, locks } = await open({ clock }).checkHealth!();
      expect(skew.within).toBeGreaterThan(0);
      expect(Math.abs(skew.ms - ms)).toBeLessThanOrEqual(skew.within + 1);
      expect({ eviction, locks }).toEqual({ eviction: null, locks: null });
    });

    test('reading state and outbox of an empty database creates no table', async () => {
      const { ledger, lock } = open();
      expect(await ledger.load()).toEqual(new Map());
      expect(await ledger.pending(1, '')).toEqual([]);
      await lock.waitForRelease(AbortSignal.abort());
      const tables = await server.query(
        `SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'beat%'`,
      );
      expect(tables).toEqual([]);
    });
  });
}
