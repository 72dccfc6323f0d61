import { expect, test } from 'vitest';
import {
  addState,
  advance,
  encodeState,
  newState,
  type EntryState,
} from '../../../../src/contracts/store/entry-state.ts';
import { makeState } from '../../../support/entry.ts';

const RECORD = makeState({ dueAt: 1, sentAt: 2, taskId: 'id' });

test.each([
  ...['version', 'rev', 'spec', 'anchor', 'dueAt', 'sentAt', 'taskId', 'runCount'].map((field) => [field, true]),
  ...['anchor', 'runCount'].map((field) => [field, null]),
] as [keyof EntryState, unknown][])('an entry state whose %s is %j cannot be read', (field, value) => {
  const text = encodeState({ ...RECORD, [field]: value });
  const records = new Map<string, EntryState>();
  expect(() => addState(records, 'cleanup', text)).toThrow('the state of entry "cleanup" cannot be read: ');
  expect(records.size).toBe(0);
});

test.each(['spec', 'dueAt', 'sentAt', 'taskId'] as const)('an entry state whose %s is null can be read', (field) => {
  const record = { ...RECORD, [field]: null };
  const records = new Map<string, EntryState>();
  addState(records, 'cleanup', encodeState(record));
  expect(records.get('cleanup')).toEqual(record);
});

function read(text: string): EntryState {
  const states = new Map<string, EntryState>();
  addState(states, 'cleanup', text);
  return states.get('cleanup')!;
}

const TEXT =
  '{"version":1,"rev":1,"spec":"every(30000ms)","anchor":5,"dueAt":35,"sentAt":36,"taskId":"id","runCount":1}';

test('the successor of a state has the next rev, and its fields in the same order', () => {
  const state = read(TEXT);
  expect(encodeState(state)).toBe(TEXT);
  expect(encodeState(advance(state, { dueAt: 65 }))).toBe(
    TEXT.replace('"rev":1', '"rev":2').replace('"dueAt":35', '"dueAt":65'),
  );
});

test('each state has a new rev, even if nothing else changes', () => {
  const first = newState('every(30000ms)', 5);
  const second = advance(first, {});
  expect([first.rev, second.rev, advance(second, {}).rev]).toEqual([1, 2, 3]);
  expect(encodeState(second)).not.toBe(encodeState(first));
});

test('the fields of a newer version are preserved in their order, and so is the version', () => {
  const text =
    '{"version":9,"rev":7,"quota":{"by":"ops","of":1.5},"spec":"s","anchor":5,"dueAt":null,' +
    '"hold":[1,2],"sentAt":null,"taskId":null,"runCount":0,"__proto__":{"a":1}}';
  const next = advance(read(text), { dueAt: 65, runCount: 1 });
  expect(encodeState(next)).toBe(
    text.replace('"rev":7', '"rev":8').replace('"dueAt":null', '"dueAt":65').replace('"runCount":0', '"runCount":1'),
  );
});

test.each([
  ...['version', 'rev'].flatMap((field) => [0, -1, 1.5, 2 ** 53, '"1"', 'null'].map((value) => [field, value])),
] as [string, unknown][])('a state whose %s is %s cannot be read', (field, value) => {
  const text = TEXT.replace(`"${field}":1`, `"${field}":${String(value)}`);
  expect(() => read(text)).toThrow('the state of entry "cleanup" cannot be read: ');
});

test.each([
  TEXT.replace(',', ', '),
  TEXT.replace('}', ',"later":1e2}'),
  TEXT.replace('}', ',"later":9007199254740993}'),
  TEXT.replace('}', ',"spec":"twice"}'),
])('a text that would be written otherwise cannot be read, because no commit could expect it: %s', (text) => {
  expect(() => read(text)).toThrow('the state of entry "cleanup" cannot be read: ');
});
