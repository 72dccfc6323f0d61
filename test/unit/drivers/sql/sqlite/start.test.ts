import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Beat } from '../../../../../src/leader/beat.ts';
import { systemClock } from '../../../../../src/util/system-clock.ts';
import { ConfigError } from '../../../../../src/util/errors.ts';
import { openSqlStore } from '../../../../support/open-sql-store.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';
import { Database } from '../../../../../src/drivers/sql/database.ts';
import { sqliteDialect } from '../../../../../src/drivers/sql/sqlite/driver.ts';
import { SCHEMA, STATEMENTS } from '../../../../../src/drivers/sql/sqlite/syntax.ts';
import { storeOptions } from '../../../../contract/test-store.ts';
import { makeFirstRun } from '../../../../support/change.ts';
import { Folder } from '../../../../support/folder.ts';

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, 'beat.sqlite');
});
afterEach(() => folder[Symbol.dispose]());

const open = () => openSqlStore(storeOptions(`sqla+sqlite:///${path}`));
const beat = (extra: object = {}) => new Beat({ brokerUrl: `sqla+sqlite:///${path}`, beatSchedule: {}, ...extra });

/** A database with some thousand records and messages, closed. */
async function fill(): Promise<void> {
  const store = open();
  const term = await store.ledger.beginTerm();
  const changes = Array.from({ length: 2_000 }, (_, i) => makeFirstRun(`entry ${i}`));
  await store.ledger.commit({ token: term, changes });
  await store.close();
}

describe('a start on an unusable SQLite file fails with instructions', () => {
  const instructions = /or move the file away: beat then creates a new one/;

  const failure = async (extra: object = {}): Promise<ConfigError> => {
    const error: unknown = await beat(extra)
      .start()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  };

  test('if it is not a database', async () => {
    writeFileSync(path, 'just some notes of mine\n');
    const { message } = await failure();
    expect(message).toContain(`brokerUrl: ${path}: is not an SQLite database, it begins with "just`);
    expect(message).toMatch(instructions);
    expect(readFileSync(path, 'utf8')).toBe('just some notes of mine\n');
  });

  test('if it is a folder', async () => {
    await expect(new Beat({ brokerUrl: `sqla+sqlite:///${folder.path}` }).start()).rejects.toThrow(
      'is not a file; set the path of a file',
    );
  });

  test('with the key stateUrl if that setting names the file', async () => {
    writeFileSync(path, 'just some notes of mine\n');
    const urls = { brokerUrl: 'memory://', stateUrl: `sqla+sqlite:///${path}` };
    expect((await failure(urls)).message).toMatch(/^stateUrl: /);
  });

  test.each(['a flipped page', 'a cut-off end'])('if it has %s', async (what) => {
    await fill();
    const bytes = readFileSync(path);
    if (what === 'a cut-off end') writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    else writeFileSync(path, bytes.fill(0xff, 4_096, 5 * 4_096));
    const { message } = await failure();
    expect(message).toContain('the database is damaged');
    expect(message).toMatch(instructions);
  });

  test.each(['its first page', 'all but its first bytes'])('if %s is overwritten', async (what) => {
    await fill();
    const bytes = readFileSync(path);
    const end = what === 'its first page' ? 4_096 : bytes.length;
    writeFileSync(path, bytes.fill(0xff, what === 'its first page' ? 100 : 16, end));
    const { message } = await failure();
    expect(message).toContain('the database is damaged');
    expect(message).toMatch(instructions);
  });

  test('if it is damaged and has up to 64 MB; a larger file is not checked', async () => {
    await fill();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 4_096, 5 * 4_096));
    const LIMIT = 64 * 1_024 * 1_024;
    truncateSync(path, LIMIT);
    expect((await failure()).message).toContain('the database is damaged');
    truncateSync(path, LIMIT + 1);
    expect(() => open()).not.toThrow();
  });

  test.skipIf(!existsSync('/proc/self/fd'))('and closes the file', async () => {
    const openFiles = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        const link = `/proc/self/fd/${fd}`;
        return existsSync(link) && readlinkSync(link).startsWith(path);
      });
    writeFileSync(path, 'just some notes of mine\n');
    await failure();
    expect(openFiles()).toEqual([]);
    rmSync(path);
    {
      using db = new DatabaseSync(path);
      // The creation of beat's index fails on this table at the first use of the file.
      db.exec('CREATE VIEW kombu_message AS SELECT 1 AS id, 2 AS visible, 3 AS timestamp');
      db.exec('CREATE TABLE kombu_queue (id INTEGER, name TEXT)');
    }
    const endpoint = parseEndpoint(`sqla+sqlite:///${path}`);
    const dialect = sqliteDialect(endpoint, 1, systemClock, 'results');
    const file = new Database({ ...dialect, schema: SCHEMA }, 'test', 1, systemClock);
    const term = STATEMENTS.beginTerm('beat', 1);
    await expect(file.write('test', term)).rejects.toThrow(path);
    await file.close();
    expect(openFiles()).toEqual([]);
  });

  test('if one of its tables lacks a column', async () => {
    {
      using db = new DatabaseSync(path);
      db.exec('CREATE TABLE beat_term (prefix TEXT PRIMARY KEY)');
    }
    expect((await failure()).message).toContain(
      'the table beat_term belongs to another program: it lacks the columns number;',
    );
  });

  test('if its tables belong to another program', async () => {
    {
      using db = new DatabaseSync(path);
      db.exec('CREATE TABLE beat_entry (id INTEGER, bpm REAL)');
    }
    const { message } = await failure();
    expect(message).toContain(
      'the table beat_entry belongs to another program: it lacks the columns prefix, entry, state, definition, due_at',
    );
    expect(message).toMatch(instructions);
  });

  test('if its tables are of an earlier version', async () => {
    {
      using db = new DatabaseSync(path);
      db.exec('CREATE TABLE beat_record (prefix TEXT, entry TEXT, record TEXT)');
    }
    const { message } = await failure();
    expect(message).toContain(
      'the table beat_record is of an earlier version of beat, which this one does not read; choose another file',
    );
    expect(message).toMatch(instructions);
  });

  test('but not if it is empty, or was created by beat or a worker', async () => {
    writeFileSync(path, '');
    await fill();
    const second = beat();
    await expect(second.start()).resolves.toBeUndefined();
    await second.stop();
    {
      using db = new DatabaseSync(path);
      db.exec('DROP TABLE beat_entry; CREATE TABLE mine (id INTEGER)');
    }
    await using third = beat();
    await expect(third.start()).resolves.toBeUndefined();
  });
});
