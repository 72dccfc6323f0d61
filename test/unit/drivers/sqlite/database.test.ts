import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../src/util/clock.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { StoreError } from '../../../../src/util/errors.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Database } from '../../../../src/drivers/sqlite/database.ts';
import { settle } from '../../../support/settle.ts';
import { Folder } from '../../../support/folder.ts';

const PREFIX = 'beat';
const terms = 'SELECT count(*) AS count FROM beat_term';
const insert = `INSERT INTO beat_term (prefix, number) VALUES ('${PREFIX}', 1)`;

describe('sqlite database', () => {
  let folder: Folder;
  let path: string;
  const open: (Database | DatabaseSync)[] = [];

  const ours = (clock: Clock = systemClock): Database => {
    const db = new Database(path, clock);
    open.push(db);
    return db;
  };
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
  afterEach(() => {
    for (const db of open.splice(0)) db.close();
    folder[Symbol.dispose]();
  });

  test('syncs every commit to the disk, and keeps readers and writers apart', async () => {
    const db = ours();
    const pragma = (name: string) =>
      db.read('test', (file) => Object.values(file.sql(`PRAGMA ${name}`).get()!)[0]);
    // 2 is FULL: with less, a commit that was confirmed may be lost when the power fails.
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('journal_mode')).toBe('wal');
    expect(theirs().prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  test('blocks in SQLite for at most 3 ms, and does not enforce foreign keys, as workers do not', async () => {
    const pragma = (name: string) =>
      ours().read('test', (file) => Object.values(file.sql(`PRAGMA ${name}`).get()!)[0]);
    expect(await pragma('busy_timeout')).toBe(3);
    expect(await pragma('foreign_keys')).toBe(0);
  });

  test.skipIf(!existsSync('/proc/self/fd'))('closes a file that was replaced', async () => {
    const db = ours();
    await db.read('test', () => {});
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    await db.read('test', () => {});
    const open = readdirSync('/proc/self/fd').map((fd) => targetOf(`/proc/self/fd/${fd}`));
    expect(open.filter((target) => target === path)).toHaveLength(1);
    expect(open.filter((target) => target === `${path} (deleted)`)).toEqual([]);
  });

  test('holds the write lock from the start of a transaction to its end', async () => {
    const db = ours();
    await db.read('test', () => {});
    const other = theirs();
    await db.write('test', () => {
      // The transaction has read and written nothing yet: BEGIN acquires the lock.
      expect(() => other.exec('BEGIN IMMEDIATE')).toThrow('database is locked');
    });
    other.exec('BEGIN IMMEDIATE; ROLLBACK');
  });

  test('shows other processes a transaction only when it is complete', async () => {
    const db = ours();
    await db.read('test', () => {});
    const other = theirs();
    await db.write('test', (file) => {
      file.exec(insert);
      expect(other.prepare(terms).get()).toEqual({ count: 0 });
    });
    expect(other.prepare(terms).get()).toEqual({ count: 1 });
  });

  test('rolls back a transaction that throws, and remains usable', async () => {
    const db = ours();
    const failing = db.write('test.it', (file) => {
      file.exec(insert);
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow(`test.it: ${path}: half-way`);
    await expect(failing).rejects.toThrow(StoreError);
    expect(await db.read('test', (file) => file.sql(terms).get())).toEqual({ count: 0 });
    await db.write('test', (file) => file.exec(insert));
    expect(await db.read('test', (file) => file.sql(terms).get())).toEqual({ count: 1 });
  });

  describe('while another process locks the file', () => {
    /** The times of the attempts; the other process releases the file when the clock reaches `until`. */
    const attempts = async (until: number, patience?: number) => {
      const clock = new ManualClock('2027-03-01T12:00:00Z');
      const db = ours(clock);
      await db.read('test', () => {});
      const other = theirs();
      other.exec('BEGIN IMMEDIATE');
      const pauses: number[] = [];
      const sleep = clock.sleep.bind(clock);
      clock.sleep = (ms, signal) => {
        pauses.push(ms);
        return sleep(ms, signal);
      };
      const writing = db.write('test.it', (file) => file.exec(insert), patience);
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

    test('a transaction fails after the timeout of its caller', async () => {
      const { outcome, pauses } = await attempts(Infinity, 17);
      expect(outcome).toContain('for 18 ms by other processes');
      expect(pauses).toEqual([1, 2, 5, 5, 5]);
    });

    test('closing the database ends the wait of a transaction', async () => {
      const db = ours(new ManualClock('2027-03-01T12:00:00Z'));
      await db.read('test', () => {});
      theirs().exec('BEGIN IMMEDIATE');
      const writing = db.write('test.it', () => {});
      await settle();
      db.close();
      await expect(writing).rejects.toThrow('the store is closed');
    });
  });

  test('opens the new file after the file at its path was replaced', async () => {
    const db = ours();
    await db.write('test', (file) => file.exec(insert));
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    expect(await db.read('test', (file) => file.sql(terms).get())).toEqual({ count: 0 });
    await db.write('test', (file) => file.exec(insert));
    expect(theirs().prepare(terms).get()).toEqual({ count: 1 });
  });

  test('has no open file after it was closed', async () => {
    const db = ours();
    await db.read('test', () => {});
    db.close();
    // The last connection to a file in WAL mode removes the -wal and -shm files.
    const other = theirs();
    expect(other.prepare('PRAGMA journal_mode = DELETE').get()).toEqual({ journal_mode: 'delete' });
  });

  test('reports that the folder does not exist', async () => {
    path = join(folder.path, 'missing', 'beat.sqlite');
    const reading = ours().read('test.it', () => {});
    await expect(reading).rejects.toThrow(`test.it: ${path}: the directory does not exist`);
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
