import { expect, test } from 'vitest';
import { createPolledQueues } from '../../../../src/drivers/sql/consumer.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import { FakeDatabase, SqlError } from '../../../support/fake-database.ts';

test('sql consumer: a message returns to its queue only if it is no longer held as unacknowledged', async () => {
  const database = new FakeDatabase();
  const { lockUnacked, removeUnacked } = STATEMENTS;
  database.answer = ({ text }) => {
    if (text === removeUnacked([]).text) throw new SqlError('denied');
    return text === lockUnacked('').text ? [{ tag: 'tag-1', queue_id: 1, payload: '{}' }] : [];
  };
  await expect(createPolledQueues(database.db, ['celery']).requeue('tag-1')).rejects.toThrow('denied');
  const kinds = database.statements.map(({ text }) => text.trim().split(/\s/)[0]);
  expect(kinds).toContain('ROLLBACK');
  expect(kinds).not.toContain('COMMIT');
});
