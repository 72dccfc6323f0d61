import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../src/drivers/sql/database.ts';
import { DatabaseError } from '../../src/drivers/sql/database-error.ts';
import type { SqlDialect } from '../../src/drivers/sql/dialect.ts';
import type { Sql } from '../../src/drivers/sql/sql.ts';
import { NOT_STORED, type Statements } from '../../src/drivers/sql/statements.ts';
import { NEVER_DUE, START } from '../../src/contracts/store/stored-entries.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import { storeOptions } from './test-store.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import { SQLITE_PRODUCT } from '../support/sqlite-product.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const [OURS, THEIRS] = ['ours', 'theirs'] as const;
const HOUR = 3_600_000;

describe.each([...SQL_PRODUCTS, SQLITE_PRODUCT])('$name statements', ({ name, missing, start, openDialect }) => {
  describe.skipIf(missing)(missing || 'of two key prefixes', () => {
    let server: Pick<SqlServer, 'name' | 'url' | 'empty' | 'query' | 'stop'>;
    let dialect: SqlDialect;
    let sql: Statements;
    let db: Database;

    beforeAll(async () => {
      server = await start();
    });
    beforeEach(async () => {
      await server.empty();
      dialect = openDialect(parseEndpoint(server.url()), 5_000, systemClock);
      sql = dialect.sql;
      db = new Database(dialect, 'test', 5_000, systemClock);
    });
    afterEach(() => db.close());
    afterAll(() => server.stop());

    const read = (statement: Sql) => db.read('test', statement);
    const write = (...statements: Sql[]) =>
      db.transaction('test', async (tx) => {
        let changes = 0;
        for (const statement of statements) changes = (await tx.run(statement)).changes;
        return changes;
      });
    const column = async (name: string, statement: Sql) => (await read(statement)).map((row) => String(row[name]));

    test('commands are read in the order of their insertion, and only the named ones are removed', async () => {
      for (const json of ['one', 'two', 'three']) await write(sql.appendCommand(OURS, json));
      await write(sql.appendCommand(THEIRS, 'other'));
      const keys = await column('position', sql.readCommandSizes(OURS, 10));
      expect(await column('bytes', sql.readCommandSizes(OURS, 2))).toEqual(['3', '3']);
      const [theirs = ''] = await column('position', sql.readCommandSizes(THEIRS, 10));
      const ofOurs = await read(sql.readCommands(OURS, [...keys, theirs]));
      const texts = new Map(ofOurs.map(({ position, json }) => [String(position), json]));
      expect(keys.map((key) => texts.get(key))).toEqual(['one', 'two', 'three']);
      await write(sql.removeCommands(OURS, [...keys.slice(0, 2), theirs]));
      expect(await column('position', sql.readCommandSizes(OURS, 10))).toEqual(keys.slice(2));
      expect(await column('position', sql.readCommandSizes(THEIRS, 10))).toEqual([theirs]);
    });

    test('audit rows are read from the newest on, by id, and a repeated row is replaced in its place', async () => {
      await write(
        sql.writeAudit(OURS, [
          ['b', '1'],
          ['a', '2'],
        ]),
        sql.writeAudit(OURS, [['c', '3']]),
        sql.writeAudit(THEIRS, [['a', '4']]),
        sql.writeAudit(OURS, [['b', '5']]),
      );
      expect(await column('json', sql.readAudit(OURS, 10))).toEqual(['3', '2', '5']);
      expect(await column('json', sql.readAudit(OURS, 1))).toEqual(['3']);
      const found = await read(sql.findAudit(OURS, ['a', 'c', 'none']));
      expect(found.map(({ id, json }) => [String(id), String(json)]).toSorted()).toEqual([
        ['a', '2'],
        ['c', '3'],
      ]);
    });

    test('all audit rows but the newest are trimmed, of one key prefix', async () => {
      for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) {
        await write(sql.writeAudit(OURS, [[id, String(i)]]), sql.writeAudit(THEIRS, [[id, String(i)]]));
      }
      await write(sql.trimAudit(OURS, 4));
      expect(await column('json', sql.readAudit(OURS, 10))).toEqual(['3', '2', '1', '0']);
      await write(sql.trimAudit(OURS, 2));
      expect(await column('json', sql.readAudit(OURS, 10))).toEqual(['3', '2']);
      expect(await column('json', sql.readAudit(THEIRS, 10))).toHaveLength(4);
    });

    test('a free lock is acquired once per key prefix', async () => {
      expect(await write(sql.takeFreeLock(OURS, 'one', HOUR))).toBe(1);
      expect(await write(sql.takeFreeLock(OURS, 'two', HOUR))).toBe(0);
      expect(await write(sql.takeFreeLock(THEIRS, 'three', HOUR))).toBe(1);
      const [row] = await read(sql.readLock(OURS));
      expect(String(row!['token'])).toBe('one');
      expect([Number(row!['ttl']), Boolean(row!['is_expired'])]).toEqual([HOUR, false]);
    });

    test('a lock is renewed by its holder until it has expired', async () => {
      const expiry = async () => Number((await column('expires_at', sql.readLock(OURS)))[0]);
      await write(sql.takeFreeLock(OURS, 'one', HOUR));
      const first = await expiry();
      expect(await write(sql.renewLock(OURS, 'two', 2 * HOUR))).toBe(0);
      expect(await write(sql.renewLock(THEIRS, 'one', 2 * HOUR))).toBe(0);
      expect(await expiry()).toBe(first);
      expect(await write(sql.renewLock(OURS, 'one', 2 * HOUR))).toBe(1);
      expect(await expiry()).toBeGreaterThanOrEqual(first + HOUR);
      await server.query('UPDATE beat_lock SET expires_at = expires_at - ?', 3 * HOUR);
      expect(await write(sql.renewLock(OURS, 'one', HOUR))).toBe(0);
      const [row] = await read(sql.readLock(OURS));
      expect(Boolean(row!['is_expired'])).toBe(true);
    });

    test('an expired lock is taken over only as it was read', async () => {
      await write(sql.takeFreeLock(OURS, 'one', HOUR), sql.takeFreeLock(THEIRS, 'one', HOUR));
      const expiresAt = Number((await column('expires_at', sql.readLock(OURS)))[0]);
      const take = (prefix: string, seen: { token: string; expiresAt: number }) =>
        write(sql.takeOverLock(prefix, 'two', 2 * HOUR, seen));
      expect(await take(OURS, { token: 'none', expiresAt })).toBe(0);
      expect(await take(OURS, { token: 'one', expiresAt: expiresAt - 1 })).toBe(0);
      expect(await take(OURS, { token: 'one', expiresAt })).toBe(1);
      const [row] = await read(sql.readLock(OURS));
      expect([String(row!['token']), Number(row!['ttl'])]).toEqual(['two', 2 * HOUR]);
      expect(Number(row!['expires_at'])).toBeGreaterThanOrEqual(expiresAt + HOUR);
      expect(await column('token', sql.readLock(THEIRS))).toEqual(['one']);
    });

    test('a lock is released by its token', async () => {
      await write(sql.takeFreeLock(OURS, 'one', HOUR));
      await write(sql.releaseLock(OURS, 'two'));
      expect(await column('token', sql.readLock(OURS))).toEqual(['one']);
      await write(sql.releaseLock(OURS, 'one'));
      expect(await read(sql.readLock(OURS))).toEqual([]);
    });

    test('a fencing token is at least the time of the server and the lowest allowed token, and grows by one', async () => {
      const token = async (prefix: string) => Number((await column('number', sql.selectTermForUpdate(prefix)))[0]);
      const now = sql.clock ? Math.floor(Number((await column('now', sql.clock))[0])) : Date.now();
      await write(sql.beginTerm(OURS, 1), sql.beginTerm(THEIRS, 1));
      const first = await token(OURS);
      expect(first).toBeGreaterThanOrEqual(now);
      expect(first).toBeLessThan(now + HOUR);
      await write(sql.beginTerm(OURS, now + HOUR));
      expect(await token(OURS)).toBe(now + HOUR);
      await write(sql.beginTerm(OURS, 1));
      expect(await token(OURS)).toBe(now + HOUR + 1);
      expect(await token(THEIRS)).toBeLessThan(now + HOUR);
    });

    const readOthers = (prefix: string, entry: string, limit = 10) =>
      sql.readEntries(prefix, { entry, dueAt: NOT_STORED }, NOT_STORED, limit);

    test('states are read in the order of their entries, after one, and written over', async () => {
      await write(
        sql.writeEntries(
          OURS,
          [
            ['c', '1'],
            ['a', '2'],
            ['b', '3'],
          ],
          [],
        ),
        sql.writeEntries(THEIRS, [['a', '4']], []),
        sql.writeEntries(OURS, [['b', '5']], []),
      );
      expect(await column('entry', readOthers(OURS, ''))).toEqual(['a', 'b', 'c']);
      expect(await column('state', readOthers(OURS, 'a'))).toEqual(['5', '1']);
      expect(await column('entry', readOthers(OURS, '', 2))).toEqual(['a', 'b']);
      expect(await column('state', sql.findStates(OURS, ['a', 'none']))).toEqual(['2']);
      await write(sql.removeState(OURS, 'a'));
      expect((await read(sql.findStates(OURS, ['a']))).map(({ state }) => state)).toEqual([null]);
      expect(await column('state', readOthers(THEIRS, ''))).toEqual(['4']);
    });

    test('messages of the outbox are read in the order of ids, from a given id on, and can be overwritten', async () => {
      await write(
        sql.appendMessages(OURS, [
          ['b', '1'],
          ['a', '2'],
          ['c', '3'],
        ]),
        sql.appendMessages(THEIRS, [['a', '4']]),
        sql.appendMessages(OURS, [['b', '5']]),
      );
      expect(await column('id', sql.readPending(OURS, '', 10))).toEqual(['a', 'b', 'c']);
      expect(await column('message', sql.readPending(OURS, 'a', 10))).toEqual(['5', '3']);
      expect(await column('id', sql.readPending(OURS, '', 2))).toEqual(['a', 'b']);
      expect(await column('id', sql.findPending(THEIRS, ['a', 'b']))).toEqual(['a']);
      await write(sql.removeMessages(OURS, ['a', 'c']));
      expect(await column('id', sql.readPending(OURS, '', 10))).toEqual(['b']);
      expect(await column('id', sql.readPending(THEIRS, '', 10))).toEqual(['a']);
    });

    const queueId = async (name: string) => Number((await column('id', sql.readQueue(name)))[0]);
    const insert = async (...payloads: string[]) => {
      if ((await read(sql.readQueue('q'))).length === 0) await write(sql.declareQueue('q'));
      const id = await queueId('q');
      await write(sql.insertMessages(payloads.map((payload) => ({ payload, queueId: id }))));
    };

    test('a queue that is declared twice has one row; the second declaration has no effect, or can be retried', async () => {
      expect(await write(sql.declareQueue('q'), sql.declareQueue('other'))).toBe(1);
      const id = await queueId('q');
      const again = await db.write('test', sql.declareQueue('q')).catch((error: unknown) => error);
      if (server.name !== 'MySQL') expect(again).toBe(0);
      else expect(again).toMatchObject({ kind: 'retryable', constructor: DatabaseError });
      expect(await queueId('q')).toBe(id);
      expect(await queueId('other')).not.toBe(id);
      expect(await read(sql.readQueue('none'))).toEqual([]);
    });

    test('messages are inserted as kombu does, in their order', async () => {
      await insert('one', 'two');
      await insert('three');
      const rows = await server.query(
        `SELECT payload, version, timestamp, visible, queue_id FROM kombu_message ORDER BY id`,
      );
      const id = await queueId('q');
      expect(rows.map((row) => [row['payload'], row['version'], row['timestamp'], row['queue_id']])).toEqual(
        ['one', 'two', 'three'].map((payload) => [payload, 1, null, id]),
      );
      expect(rows.map(({ visible }) => Boolean(visible))).toEqual([true, true, true]);
    });

    const makeEntries = (count: number, dueAt: number) =>
      Array.from({ length: count }, (_, i) => {
        return [`entry ${1_000 + i}`, `state ${i}`, dueAt, `definition ${i}`] as const;
      });
    const ALL = ['due_at', 'definition'] as const;

    test('stored entries are changed, found and removed by name and key prefix', async () => {
      const rows = makeEntries(2, 5);
      const [[one, ...first], [two, , , definition]] = rows as [(typeof rows)[0], (typeof rows)[0]];
      for (const prefix of [OURS, THEIRS]) await write(sql.writeEntries(prefix, rows, ALL));
      await write(sql.writeEntries(OURS, [[two, 'next', NEVER_DUE]], ['due_at']));
      await write(sql.writeEntries(OURS, [[one, 'other']], []));
      await write(sql.writeEntries(OURS, [['not stored', 'state']], []));
      const find = async (prefix: string) =>
        (await read(sql.findEntries(prefix, [one, two, 'none', 'not stored'])))
          .map((row) => [...[String(row['entry']), row['state'], Number(row['due_at']), row['definition']]])
          .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
      const moved = [two, 'next', NEVER_DUE, definition];
      expect(await find(OURS)).toEqual([[one, 'other', ...first.slice(1)], moved]);
      await write(sql.removeState(OURS, one));
      expect(await find(OURS)).toEqual([[one, null, ...first.slice(1)], moved]);
      expect(await find(THEIRS)).toEqual(rows);
      expect(await column('entry', readOthers(OURS, ''))).toEqual(['not stored']);
      expect(await column('entry', sql.readNames(OURS, '', '', 10))).toEqual([one, two]);
      await write(sql.removeEntries(OURS, [one, 'none']));
      expect(await find(OURS)).toEqual([moved]);
      expect(await find(THEIRS)).toEqual(rows);
    });

    test.runIf(name !== 'sqlite')(
      'no term begins beside the tables of an earlier version, and one begins once they are dropped',
      async () => {
        await server.query('CREATE TABLE beat_record (prefix VARCHAR(9), entry VARCHAR(9), record TEXT)');
        const store = openSqlStore(storeOptions(server.url()));
        await expect(store.ledger.beginTerm()).rejects.toThrow(
          'the table beat_record is of an earlier version of beat, which this one does not read; drop the tables of that version, or use another database',
        );
        await server.query('DROP TABLE beat_record');
        expect(await store.ledger.beginTerm()).toBeGreaterThan(0);
        await store.close();
      },
    );

    test.each([
      ['the first', START, 7],
      ['one among entries of the same instant', { entry: 'entry 1500', dueAt: 5 }, 7],
      ['one without an end', { entry: 'entry 1500', dueAt: 5 }, NEVER_DUE],
      ['entries that are not stored', { entry: 'a', dueAt: NOT_STORED }, NOT_STORED],
    ])('a page of entries is read along its index: %s', async (_, after, dueBy) => {
      await write(sql.writeEntries(OURS, makeEntries(1_000, 5), ALL));
      const others = makeEntries(1_000, 5).map(([entry, state]) => [`a ${entry}`, state] as const);
      await write(sql.writeEntries(OURS, others, []));
      const { text, values } = sql.readEntries(OURS, after, dueBy, 10);
      const explain = name === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
      const rows = await read({ text: `${explain} ${text}`, values });
      const plan = JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
      expect(plan).toContain('ix_beat_entry');
      // MariaDB would sort with "filesort"; the length of a key is that of all three columns.
      expect(plan).not.toMatch(/sort|temp b-tree/i);
      if (name === 'mysql') expect(plan).toContain('"key_len":"2315"');
    });

    test.runIf(name === 'postgresql')('a worker that reads a queue uses the index on visible messages', async () => {
      await insert('one');
      const plan = await db.transaction('test', async (tx) => {
        await tx.run({ text: 'SET LOCAL enable_seqscan = off', values: [] });
        // The query of kombu.
        const query = `SELECT * FROM kombu_message WHERE queue_id = 1 AND visible != false
          ORDER BY timestamp, id LIMIT 1 FOR UPDATE`;
        return (await tx.run({ text: `EXPLAIN ${query}`, values: [] })).rows;
      });
      expect(JSON.stringify(plan)).toContain('Index Scan using ix_beat_pending');
    });

    test('consumed messages are found from the newest on, except those to retain, and removed', async () => {
      await insert('a', 'b', 'c', 'd', 'e', 'visible again');
      const consume = (payload: string, second: number, visible = false) =>
        server.query(
          `UPDATE kombu_message SET visible = ?, timestamp = '2026-01-01 00:00:0${second}'
           WHERE payload = ?`,
          visible,
          payload,
        );
      await consume('b', 3);
      await consume('a', 2);
      await consume('c', 2);
      await consume('d', 1);
      await consume('visible again', 2, true);
      const ids = await server.query('SELECT id, payload FROM kombu_message');
      const payloads = async (limit: number, kept: number) => {
        const found = await column('id', sql.findConsumed(limit, kept));
        return found.map((id) => ids.find((row) => String(row['id']) === id)!['payload']);
      };
      expect(await payloads(10, 0)).toEqual(['b', 'c', 'a', 'd']);
      expect(await payloads(2, 1)).toEqual(['c', 'a']);
      expect(await write(sql.deleteConsumed(ids.map(({ id }) => Number(id))))).toBe(4);
      const left = await server.query('SELECT payload FROM kombu_message ORDER BY id');
      expect(left.map(({ payload }) => payload)).toEqual(['e', 'visible again']);
    });
  });
});
