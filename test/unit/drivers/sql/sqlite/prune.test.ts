import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { STATEMENTS } from '../../../../../src/drivers/sql/sqlite/syntax.ts';
import { makeMessage } from '../../../../support/message.ts';
import { Folder } from '../../../../support/folder.ts';
import { openFile, makeRun } from '../../../../support/sqlite.ts';

/** Consumes the oldest pending messages with kombu's statements. */
function take(db: DatabaseSync, count: number): void {
  db.prepare(
    `UPDATE kombu_message SET visible = 0, timestamp = '2026-11-21 07:46:55.485312', version = 2
     WHERE id IN (SELECT id FROM kombu_message WHERE visible != 0 ORDER BY timestamp, id LIMIT ?)`,
  ).run(count);
}

function ids(db: DatabaseSync, visible: 0 | 1): number[] {
  const rows = db.prepare('SELECT id FROM kombu_message WHERE visible = ? ORDER BY id').all(visible);
  return rows.map((row) => row['id'] as number);
}

const messages = (count: number) => Array.from({ length: count }, (_, i) => makeMessage(`task-${i}`));

test('sqlite pruning: consumed messages are deleted, except the newest thousand', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const earlier = openFile(path);
  await earlier.broker.publish(messages(4_000));
  await earlier.close();
  const store = openFile(path);
  const term = await store.ledger.beginTerm();
  using db = new DatabaseSync(path);
  take(db, 3_500);

  // Old rows are deleted in chunks, from the first commit on.
  await store.ledger.commit({ token: term, changes: [makeRun('a', 1)] });
  expect(ids(db, 0)).toHaveLength(3_500 - 501);
  for (const run of [2, 3]) {
    await store.ledger.commit({ token: term, changes: [{ ...makeRun('a', run), messages: messages(500) }] });
  }
  expect(ids(db, 0)).toEqual(Array.from({ length: 1_000 }, (_, i) => 2_501 + i));
  expect(ids(db, 1)).toHaveLength(500 + 1 + 2 * 500);
  await store.close();
});

test('sqlite pruning: pending messages are never deleted', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  const term = await store.ledger.beginTerm();
  for (const run of [1, 2, 3, 4]) {
    await store.ledger.commit({ token: term, changes: [{ ...makeRun('a', run), messages: messages(1_500) }] });
  }
  using db = new DatabaseSync(path);
  expect(ids(db, 1)).toHaveLength(6_000);
  await store.close();
});

test('sqlite pruning: the query reads only the rows that it deletes or retains', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  await store.ledger.beginTerm();
  await store.close();
  using db = new DatabaseSync(path);
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${STATEMENTS.findConsumed(1, 1).text}`).all(500, 1_000);
  const steps = plan.map((row) => row['detail']).join('\n');
  expect(steps).toMatch(/USING (COVERING )?INDEX ix_kombu_message_timestamp/);
  expect(steps).not.toContain('TEMP B-TREE');
});

test('sqlite: the index of pending messages serves the polls of workers', async () => {
  using folder = new Folder();
  const path = join(folder.path, 'beat.sqlite');
  const store = openFile(path);
  await store.broker.publish(messages(1));
  await store.close();
  using db = new DatabaseSync(path);
  const plan = db.prepare(
    `EXPLAIN QUERY PLAN SELECT payload FROM kombu_message
     WHERE kombu_message.queue_id = ? AND kombu_message.visible != 0
     ORDER BY kombu_message.timestamp, kombu_message.id LIMIT ? OFFSET ?`,
  );
  expect(plan.all(1, 1, 0).map((row) => row['detail'])).toEqual([
    'SEARCH kombu_message USING INDEX ix_beat_pending (queue_id=?)',
  ]);
});
