import { expect, test } from 'vitest';
import { encodeEnvelopes, insertMessages, createPrune, type Prune } from '../../../../src/drivers/sql/messages.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { FakeDatabase } from '../../../support/fake-database.ts';
import { makeMessage } from '../../../support/message.ts';
import type { Database } from '../../../../src/drivers/sql/database.ts';
import { DatabaseError } from '../../../../src/drivers/sql/database-error.ts';
import type { ErrorKind } from '../../../../src/drivers/sql/dialect.ts';
import type { Sql } from '../../../../src/drivers/sql/sql.ts';

/** A database in which these queues have been declared, with their ids. */
function databaseWith(ids: Map<string, number>): FakeDatabase {
  const database = new FakeDatabase();
  database.answer = ({ text, values: [name] }) => {
    if (text === STATEMENTS.declareQueue('').text) ids.set(String(name), ids.size + 1);
    const id = text === STATEMENTS.readQueue('').text ? ids.get(String(name)) : undefined;
    return id === undefined ? [] : [{ id }];
  };
  return database;
}

const insert = (database: FakeDatabase, envelopes: { queue: string; payload: string }[]) =>
  database.db.transaction('test', (tx) => insertMessages(tx, STATEMENTS, envelopes));

test('sql messages: rows are ordered by queue, and within a queue as they were given', async () => {
  const database = databaseWith(
    new Map([
      ['b', 1],
      ['a', 2],
    ]),
  );
  await insert(database, [
    { queue: 'a', payload: 'a1' },
    { queue: 'b', payload: 'b1' },
    { queue: 'a', payload: 'a2' },
    { queue: 'b', payload: 'b2' },
  ]);
  const [{ values } = { values: [] }] = database.like(STATEMENTS.insertMessages([]));
  expect(values).toEqual([
    ['b1', 'b2', 'a1', 'a2'],
    [1, 1, 2, 2],
  ]);
  expect(database.like(STATEMENTS.declareQueue(''))).toEqual([]);
  expect(database.like(STATEMENTS.readQueue(''))).toHaveLength(2);
});

test('sql messages: a queue that is not declared is declared once, and its id is read', async () => {
  const database = databaseWith(new Map());
  await insert(database, [
    { queue: 'new', payload: 'one' },
    { queue: 'new', payload: 'two' },
  ]);
  expect(database.statements.map(({ text }) => text.split(/\s/)[0])).toEqual([
    ...['BEGIN', 'SELECT', 'INSERT', 'SELECT', 'INSERT', 'COMMIT'],
  ]);
  expect(database.like(STATEMENTS.insertMessages([]))[0]!.values).toEqual([
    ['one', 'two'],
    [1, 1],
  ]);
});

test('sql messages: payloads of more than a million characters are inserted with several statements', async () => {
  const database = databaseWith(new Map([['q', 1]]));
  const payload = 'x'.repeat(400_000);
  await insert(
    database,
    Array.from({ length: 5 }, () => ({ queue: 'q', payload })),
  );
  const rows = database
    .like(STATEMENTS.insertMessages([]))
    .map(({ values: [payloads] }) => (payloads as string[]).length);
  expect(rows).toEqual([2, 2, 1]);
});

test('sql messages: runs no statement without messages', async () => {
  const database = databaseWith(new Map());
  await insert(database, []);
  expect(database.statements.map(({ text }) => text)).toEqual(['BEGIN', 'COMMIT']);
});

test('sql messages: an envelope is ASCII, with escapes of four digits', () => {
  const message = { ...makeMessage('a'), headers: { id: 'a', text: '\u0080é漢🎺~' } };
  const [{ queue, payload } = { queue: '', payload: '' }] = encodeEnvelopes(message, new Queues());
  expect(queue).toBe('celery');
  expect(payload).toContain('"text":"\\u0080\\u00e9\\u6f22\\ud83c\\udfba~"');
});

/** A table with so many rows that may go; notes what the pruner looks for and deletes. */
class Table {
  readonly looks: (readonly unknown[])[] = [];
  readonly deleted: (readonly number[])[] = [];
  readonly warnings: (string | null)[] = [];
  kind: ErrorKind | null = null;
  readonly prune: Prune;
  taken: number;

  constructor(taken: number) {
    this.taken = taken;
    const run = async ({ text, values: [first, kept] }: Sql) => {
      if (!text.startsWith('SELECT')) {
        this.deleted.push(first as number[]);
        this.taken -= (first as number[]).length;
        return { rows: [], changes: 0 };
      }
      this.looks.push([first, kept]);
      if (this.kind) throw new DatabaseError('it failed', this.kind, {});
      const count = Math.min(Number(first), this.taken);
      // The newest first, as text, as drivers give large numbers.
      const rows = Array.from({ length: count }, (_row, i) => ({ id: String(100 + count - i) }));
      return { rows, changes: 0 };
    };
    const db: Pick<Database, 'separately' | 'sql'> = { separately: () => ({ run }), sql: STATEMENTS };
    this.prune = createPrune(db as unknown as Database, (kind, text) => {
      expect(kind).toBe('pruning');
      this.warnings.push(text);
    });
  }
}

test('sql pruner: the first commit removes consumed messages except the newest 1,000', async () => {
  const table = new Table(3);
  await table.prune(1);
  expect(table.looks).toEqual([[501, 1_000]]);
  expect(table.deleted).toEqual([[101, 102, 103]]);
});

test('sql pruner: the next pruning follows 500 insertions', async () => {
  const table = new Table(0);
  await table.prune(0);
  expect(table.looks).toHaveLength(1);
  await table.prune(200);
  await table.prune(299);
  expect(table.looks).toHaveLength(1);
  await table.prune(1);
  expect(table.looks.slice(1)).toEqual([[500, 1_000]]);
  expect(table.deleted).toEqual([]);
});

test('sql pruner: each commit removes 500 of many consumed messages', async () => {
  const table = new Table(1_200);
  for (let i = 0; i < 4; i++) await table.prune(0);
  expect(table.deleted.map((ids) => ids.length)).toEqual([500, 500, 200]);
  expect(table.looks).toHaveLength(3);
});

test('sql pruner: the next commit repeats a failed pruning, and only a missing right is a warning', async () => {
  const table = new Table(5_000);
  table.kind = 'connection-lost';
  await table.prune(100);
  expect(table.warnings).toEqual([]);
  table.kind = 'denied';
  await table.prune(100);
  expect(table.warnings).toEqual(['Consumed messages stay in the table kombu_message: it failed']);
  table.kind = null;
  await table.prune(100);
  expect(table.looks.map(([most]) => most)).toEqual([600, 700, 800]);
  expect(table.deleted.map((ids) => ids.length)).toEqual([800]);
  expect(table.warnings.at(-1)).toBeNull();
});
