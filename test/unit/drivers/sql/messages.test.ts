import { expect, test } from 'vitest';
import { encodeEnvelopes, insertMessages } from '../../../../src/drivers/sql/messages.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { FakeDatabase } from '../../../support/fake-database.ts';
import { makeMessage } from '../../../support/message.ts';

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

test('sql messages: no message leads to no statement', async () => {
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
