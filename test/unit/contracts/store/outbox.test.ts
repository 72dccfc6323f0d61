import { expect, test } from 'vitest';
import { encodeMessage, type Message } from '../../../../src/celery/message/message.ts';
import type { Run } from '../../../../src/celery/message/run.ts';
import { advance } from '../../../../src/contracts/store/entry-state.ts';
import { decodeOutboxMessage, outboxMessages } from '../../../../src/contracts/store/outbox.ts';
import { NEW_STATE, advanceState } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

function append(messages: readonly Message[], { rev = 1, dueAt = NOON, entry = 'e' } = {}) {
  const after = { ...advanceState(NEW_STATE, 'id'), dueAt, rev };
  return outboxMessages([{ entry, before: null, after, messages }]);
}

function messageOfRun(run: Run): Message {
  return { ...makeMessage(`${run.entry} ${run.dueAt}`), run };
}

test('an outbox message has the run of its message, also after decoding', () => {
  const run: Run = { entry: 'a 000001', dueAt: NOON - 60_000, cause: 'manual', commandId: 'c1' };
  const [appended] = append([messageOfRun(run)]);
  expect(appended?.run).toEqual(run);
  const { id, message } = appended!;
  expect(decodeOutboxMessage(id, encodeMessage(message))).toEqual(appended);
});

test('ids of outbox messages are ordered by instant, also before 1970, and then as in the commit', () => {
  const instants = [-8_000_000_000_000_000, -1, 0, 1, NOON, 8_000_000_000_000_000];
  const ids = instants.flatMap((dueAt) =>
    append(Array<Message>(12).fill(messageOfRun({ entry: 'e', dueAt, cause: 'schedule' }))),
  );
  expect(ids.map(({ id }) => id).toSorted()).toEqual(ids.map(({ id }) => id));
  expect(new Set(ids.map(({ id }) => id)).size).toBe(ids.length);
});

test('messages of two commits of one instant have different ids, in the order of the commits', () => {
  const message = messageOfRun({ entry: 'e', dueAt: NOON, cause: 'manual', commandId: 'c' });
  const ids = [1, 2, 10].flatMap((rev) => append([message], { rev }).map(({ id }) => id));
  expect(new Set(ids).size).toBe(3);
  expect(ids.toSorted()).toEqual(ids);
});

test('the id of an outbox message fits into the column of MariaDB for the longest name of an entry', () => {
  const entry = 'n'.repeat(2_048);
  const message = messageOfRun({ entry, dueAt: NOON, cause: 'schedule' });
  const rev = Number.MAX_SAFE_INTEGER;
  const state = advance({ ...NEW_STATE, rev: rev - 1 }, {});
  expect(state.rev).toBe(rev);
  const [{ id } = { id: '' }] = append([message], { entry, rev });
  expect(id.length).toBeLessThanOrEqual(2_100);
});

test('an outbox message without its run cannot be read', () => {
  const [{ id } = { id: '' }] = append([makeMessage('a')]);
  expect(decodeOutboxMessage(id, encodeMessage(makeMessage('a')))).toMatchObject({ kind: 'unreadable', id });
});
