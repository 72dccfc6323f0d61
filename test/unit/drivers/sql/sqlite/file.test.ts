import { chmodSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../../src/util/clock.ts';
import { systemClock } from '../../../../../src/util/system-clock.ts';
import { StoreError } from '../../../../../src/util/errors.ts';
import { makeMessage } from '../../../../support/message.ts';
import { Folder } from '../../../../support/folder.ts';
import { openFile, makeRun } from '../../../../support/sqlite.ts';

/** The tables that SQLAlchemy 1.4 and 2.1 with kombu 5.2 and 5.7 write to sqlite_master. */
const KOMBU_TABLES = [
  'CREATE INDEX ix_kombu_message_timestamp ON kombu_message (timestamp)',
  'CREATE INDEX ix_kombu_message_timestamp_id ON kombu_message (timestamp, id)',
  'CREATE INDEX ix_kombu_message_visible ON kombu_message (visible)',
  'CREATE TABLE kombu_message (\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \n\tvisible BOOLEAN, ' +
    '\n\ttimestamp DATETIME, \n\tpayload TEXT NOT NULL, \n\tversion SMALLINT NOT NULL, ' +
    '\n\tqueue_id INTEGER, \n\tCONSTRAINT "FK_kombu_message_queue" FOREIGN KEY(queue_id) ' +
    'REFERENCES kombu_queue (id)\n)',
  'CREATE TABLE kombu_queue (\n\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, ' +
    '\n\tname VARCHAR(200), \n\tUNIQUE (name)\n)',
];

const errorOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

/** A clock on which time passes only during `sleep`. */
function sleepingClock(): Clock & { readonly slept: number[]; beforeSleep: () => void } {
  let time = systemClock.now();
  const slept: number[] = [];
  return {
    slept,
    beforeSleep: () => {},
    now: () => time,
    monotonic: () => time,
    async sleep(ms) {
      this.beforeSleep();
      slept.push(ms);
      time += ms;
    },
  };
}

test('sqlite: beat creates the same kombu tables as a worker', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  await store.ledger.beginTerm();
  await store.close();

  using db = new DatabaseSync(path);
  const found = db.prepare(`SELECT sql FROM sqlite_master WHERE name GLOB '*kombu_*' AND sql IS NOT NULL ORDER BY sql`);
  expect(found.all().map((row) => row['sql'])).toEqual(KOMBU_TABLES);
});

test('sqlite: beat uses tables that a worker created', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  using db = new DatabaseSync(path);
  for (const sql of KOMBU_TABLES.toReversed()) db.exec(sql);
  db.exec(`INSERT INTO kombu_queue (name) VALUES ('other'), ('celery')`);

  const store = openFile(path);
  await store.broker.publish([makeMessage('a')]);
  await store.close();
  const row = db.prepare('SELECT visible, timestamp, version, queue_id FROM kombu_message').get();
  expect(row).toEqual({ visible: 1, timestamp: null, version: 1, queue_id: 2 });
});

test('sqlite: a commit waits for a locked file without blocking the event loop', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const clock = sleepingClock();
  const store = openFile(path, { clock });
  const term = await store.ledger.beginTerm();

  using worker = new DatabaseSync(path);
  worker.exec('BEGIN IMMEDIATE');
  clock.beforeSleep = () => {
    if (clock.slept.length === 5) worker.exec('COMMIT');
  };
  expect(await store.ledger.commit({ token: term, changes: [makeRun('a', 1)] })).toEqual({ kind: 'committed' });
  expect(clock.slept).toEqual([1, 2, 5, 5, 5, 5]);
  await store.close();
});

test('sqlite: a commit to a file that stays locked fails with that reason', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path, { clock: sleepingClock() });
  const term = await store.ledger.beginTerm();

  using worker = new DatabaseSync(path);
  worker.exec('BEGIN IMMEDIATE');
  const error = await errorOf(store.ledger.commit({ token: term, changes: [makeRun('a', 1)] }));
  expect(error).toBeInstanceOf(StoreError);
  expect((error as Error).message).toMatch(
    /^ledger\.commit: .*beat\.sqlite: database is locked, for 5\d\d\d ms by other processes$/,
  );
  worker.exec('ROLLBACK');
  expect(await store.ledger.commit({ token: term, changes: [makeRun('a', 1)] })).toEqual({ kind: 'committed' });
  await store.close();
});

test('sqlite: the error for a missing directory contains the path', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'missing/beat.sqlite');
  const error = await errorOf(openFile(path).ledger.beginTerm());
  expect(error).toBeInstanceOf(StoreError);
  expect((error as Error).message).toBe(`ledger.beginTerm: ${path}: the directory does not exist`);
});

test('sqlite: the error for a read-only file contains the path', async ({ skip }) => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  await store.ledger.beginTerm();
  await store.close();
  chmodSync(path, 0o444);
  if (process.getuid?.() === 0) skip('root may write everything');
  const error = await errorOf(openFile(path).ledger.beginTerm());
  expect((error as Error).message).toContain(`${path}: attempt to write a readonly database`);
});

test('sqlite: reading the states of a missing file does not create it', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  expect(await openFile(path).ledger.load()).toEqual(new Map());
  expect(existsSync(path)).toBe(false);
});

test('sqlite: moving the file away ends the term, so it receives no further commit', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  const term = await store.ledger.beginTerm();
  expect(await store.ledger.commit({ token: term, changes: [makeRun('a', 1)] })).toEqual({ kind: 'committed' });

  renameSync(path, join(folder.path, 'old.sqlite'));
  expect(await store.ledger.commit({ token: term, changes: [makeRun('a', 2)] })).toEqual({ kind: 'fenced' });
  expect(await store.ledger.load()).toEqual(new Map());
  await store.close();
});

test('sqlite: an operation on a closed store fails with that reason', async () => {
  using folder = new Folder();
  const store = openFile(join(folder.path, 'beat.sqlite'));
  await store.ledger.beginTerm();
  await store.close();
  await store.close();
  const error = await errorOf(store.lock.acquire());
  expect(error).toBeInstanceOf(StoreError);
  expect((error as Error).message).toContain('the store is closed');
});
