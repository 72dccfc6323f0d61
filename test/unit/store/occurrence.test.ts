import { expect, test } from 'vitest';
import { outboxMessages, occurrenceOf } from '../../../src/store/outbox.ts';
import { NEW_STATE, advanceState } from '../../support/change.ts';
import { makeMessage } from '../../support/message.ts';

const NEWEST = Date.parse('2027-03-01T12:00:00Z');

function keptOf(entry: string, headers: Readonly<Record<string, unknown>>[], dueAt = NEWEST) {
  const messages = headers.map((each, i) => {
    const message = makeMessage(`${entry} ${i}`);
    return { ...message, headers: { ...message.headers, ...each } };
  });
  const record = { ...advanceState(NEW_STATE, entry), dueAt };
  return outboxMessages([{ entry, before: null, after: record, messages }]);
}

test('a kept message is of the occurrence in its own header, also where its commit made up for several', () => {
  const instants = ['2027-03-01T11:58:00Z', '2027-03-01T11:59:00.5Z', '2027-03-01T12:00:00Z'];
  const kept = keptOf(
    'a b 000001',
    instants.map((at) => ({ beat_due_at: at })),
  );
  expect(kept.map(occurrenceOf)).toEqual(
    instants.map((at) => ({ entry: 'a b 000001', dueAt: Date.parse(at) })),
  );
});

test('a kept message without a header that can be read is of the newest occurrence of its commit', () => {
  for (const dueAt of [NEWEST, -1, 0, -62_000_000_000_000]) {
    const kept = keptOf('cleanup', [{}, { beat_due_at: 'no instant' }], dueAt);
    expect(kept.map(occurrenceOf)).toEqual(Array(2).fill({ entry: 'cleanup', dueAt }));
  }
});

test('ids of kept messages ascend with their instants, before 1970 too, and then as in the commit', () => {
  const instants = [-8_000_000_000_000_000, -1, 0, 1, NEWEST, 8_000_000_000_000_000];
  const ids = instants.flatMap((at) =>
    keptOf('e', Array<Record<string, unknown>>(12).fill({}), at).map(({ id }) => id),
  );
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});
