import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../../src/util/clock.ts';
import { systemClock } from '../../../../../src/util/system-clock.ts';
import { StoreError } from '../../../../../src/util/errors.ts';
import { ManualClock } from '../../../../../src/drivers/memory/clock.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';
import { Database } from '../../../../../src/drivers/sql/database.ts';
import { raw } from '../../../../../src/drivers/sql/sql.ts';
import { driver, sqliteDialect } from '../../../../../src/drivers/sql/sqlite/driver.ts';
import { settle } from '../../../../support/settle.ts';
import { Folder } from '../../../../support/folder.ts';

const PREFIX = 'beat';
const terms = 'SELECT count(*) AS count FROM beat_term';
const insert = raw(`INSERT INTO beat_term (prefix, number) VALUES ('${PREFIX}', 1)`);

describe('sqlite database', () => {
  let folder: Folder;
  let path: string;
  const open: (Database | DatabaseSync)[] = [];

  const ours = async (clock: Clock = systemClock, timeout = 5_000): Promise<Database> => {
    const endpoint = parseEndpoint(`sqla+sqlite:///${path}`);
    const db = new Database(sqliteDialect(endpoint, timeout, clock), 'test', timeout, clock);
    open.push(db);
    await db.write('test', raw('DELETE FROM beat_term'));
    return db;
  };
  const count = async (db: Database) => Number((await db.read('test', raw(terms)))[0]?.['count'] ?? 0);
  /** Another process's connection, which waits for nothing. */
  const theirs = (): DatabaseSync => {
    const db = new DatabaseSync(path, { timeout: 0 });
    open.push(db);
    return db;
  };

  beforeEach(() => {
    folder = new Folder();
    path = join(folder.path, 'beat.sqlite');
  });
  afterEach(async () => {
    for (const db of open.splice(0)) await db.close();
    folder[Symbol.dispose]();
  });

  test('syncs every commit to the disk, and keeps readers and writers apart', async () => {
    const db = await ours();
    const pragma = async (name: string) => Object.values((await db.read('test', raw(`PRAGMA ${name}`)))[0]!)[0];
    // 2 is FULL: with less, a commit that was confirmed may be lost when the power fails.
    expect(await pragma('synchronous')).toBe(2n);
    expect(await pragma('journal_mode')).toBe('wal');
    expect(theirs().prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  test('blocks in SQLite for at most 3 ms, and does not enforce foreign keys, as workers do not', async () => {
    const db = await ours();
    const pragma = async (name: string) => Object.values((await db.read('test', raw(`PRAGMA ${name}`)))[0]!)[0];
    expect(await pragma('busy_timeout')).toBe(3n);
    expect(await pragma('foreign_keys')).toBe(0n);
  });

  test.skipIf(!existsSync('/proc/self/fd'))('closes a file that was replaced', async () => {
    const db = await ours();
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    await db.write('test', insert);
    const open = readdirSync('/proc/self/fd').map((fd) => targetOf(`/proc/self/fd/${fd}`));
    expect(open.filter((target) => target === path)).toHaveLength(1);
    expect(open.filter((target) => target === `${path} (deleted)`)).toEqual([]);
  });

  test('holds the write lock from the start of a transaction to its end', async () => {
    const db = await ours();
    const other = theirs();
    await db.transaction('test', async () => {
      // The transaction has read and written nothing yet: BEGIN acquires the lock.
      expect(() => other.exec('BEGIN IMMEDIATE')).toThrow('database is locked');
    });
    other.exec('BEGIN IMMEDIATE; ROLLBACK');
  });

  test('shows other processes a transaction only when it is complete', async () => {
    const db = await ours();
    const other = theirs();
    await db.transaction('test', async (tx) => {
      await tx.run(insert);
      expect(other.prepare(terms).get()).toEqual({ count: 0 });
    });
    expect(other.prepare(terms).get()).toEqual({ count: 1 });
  });

  test('rolls back a transaction that throws, and remains usable', async () => {
    const db = await ours();
    const failing = db.transaction('test.it', async (tx) => {
      await tx.run(insert);
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow(`test.it: ${path}: half-way`);
    await expect(failing).rejects.toThrow(StoreError);
    expect(await count(db)).toBe(0);
    await db.write('test', insert);
    expect(await count(db)).toBe(1);
  });

  describe('while another process locks the file', () => {
    /** The times of the attempts; the other process releases the file when the clock reaches `until`. */
    const attempts = async (until: number, patience?: number) => {
      const clock = new ManualClock('2027-03-01T12:00:00Z');
      const db = await ours(clock, patience);
      const other = theirs();
      other.exec('BEGIN IMMEDIATE');
      const pauses: number[] = [];
      const sleep = clock.sleep.bind(clock);
      clock.sleep = (ms, signal) => {
        pauses.push(ms);
        return sleep(ms, signal);
      };
      const writing = db.write('test.it', insert);
      const ended = writing.then(
        () => 'written',
        (error: unknown) => (error as Error).message,
      );
      for (let ms = 0; ms < 6_000; ms++) {
        if (ms === until) other.exec('ROLLBACK');
        await new Promise(setImmediate);
        clock.advance(1);
      }
      await settle();
      return { outcome: await ended, pauses };
    };

    test('a transaction is retried after short pauses, and succeeds when the file is free', async () => {
      const { outcome, pauses } = await attempts(25);
      expect(outcome).toBe('written');
      expect(pauses).toEqual([1, 2, 5, 5, 5, 5, 5]);
    });

    test('a transaction fails after 5 seconds with an error that contains the time', async () => {
      const { outcome } = await attempts(Infinity);
      expect(outcome).toBe(`test.it: ${path}: database is locked, for 5003 ms by other processes`);
    });

    test('a transaction fails after the timeout of its connection', async () => {
      const { outcome, pauses } = await attempts(Infinity, 17);
      expect(outcome).toContain('for 18 ms by other processes');
      expect(pauses).toEqual([1, 2, 5, 5, 5]);
    });

    test('closing the database ends the wait of a transaction', async () => {
      const db = await ours(new ManualClock('2027-03-01T12:00:00Z'));
      theirs().exec('BEGIN IMMEDIATE');
      const writing = db.write('test.it', insert);
      await settle();
      void db.close();
      await expect(writing).rejects.toThrow('the store is closed');
    });
  });

  test('opens the new file after the file at its path was replaced', async () => {
    const db = await ours();
    await db.write('test', insert);
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    expect(await count(db)).toBe(0);
    await db.write('test', insert);
    expect(theirs().prepare(terms).get()).toEqual({ count: 1 });
  });

  test('has no open file after it was closed', async () => {
    const db = await ours();
    await db.close();
    // The last connection to a file in WAL mode removes the -wal and -shm files.
    const other = theirs();
    expect(other.prepare('PRAGMA journal_mode = DELETE').get()).toEqual({ journal_mode: 'delete' });
  });

  test('is read by an import as texts, without the tables that it does not have', async () => {
    theirs().exec('CREATE TABLE crontab (id INTEGER, hour TEXT)');
    theirs().exec(`INSERT INTO crontab VALUES (1, '*/4')`);
    const tables = await driver.readTables(parseEndpoint(`sqla+sqlite:///${path}`), ['crontab', 'solar']);
    expect([...tables]).toEqual([['crontab', [{ id: '1', hour: '*/4' }]]]);
  });

  test('reports that the folder does not exist', async () => {
    path = join(folder.path, 'missing', 'beat.sqlite');
    await expect(ours()).rejects.toThrow(`test: ${path}: the directory does not exist`);
  });
});

/** The path of a file descriptor; empty when it was closed after it was listed. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(descriptor);
  } catch {
    return '';
  }
}
