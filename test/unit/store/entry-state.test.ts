import { expect, test } from 'vitest';
import {
  addState,
  advance,
  encodeState,
  newState,
  type EntryState,
} from '../../../src/store/entry-state.ts';
import { makeState } from '../../support/entry.ts';

const RECORD = makeState({ dueAt: 1, sentAt: 2, taskId: 'id' });

test.each([
  ...['spec', 'anchor', 'dueAt', 'sentAt', 'taskId', 'runCount'].map((field) => [field, true]),
  ...['anchor', 'runCount'].map((field) => [field, null]),
] as [keyof EntryState, unknown][])(
  'an entry state whose %s is %j cannot be read',
  (field, value) => {
    const text = encodeState({ ...RECORD, [field]: value });
    const records = new Map<string, EntryState>();
    expect(() => addState(records, 'cleanup', text)).toThrow(
      'the state of entry "cleanup" cannot be read: ',
    );
    expect(records.size).toBe(0);
  },
);

test.each(['spec', 'dueAt', 'sentAt', 'taskId'] as const)(
  'an entry state whose %s is null can be read',
  (field) => {
    const record = { ...RECORD, [field]: null };
    const records = new Map<string, EntryState>();
    addState(records, 'cleanup', encodeState(record));
    expect(records.get('cleanup')).toEqual(record);
  },
);

function read(text: string): EntryState {
  const states = new Map<string, EntryState>();
  addState(states, 'cleanup', text);
  return states.get('cleanup')!;
}

/** As release 0.1 wrote it. */
const VERSION_1 =
  '{"spec":"every(30000ms)","anchor":5,"dueAt":35,"sentAt":36,"taskId":"id","runCount":1}';

test('a state of release 0.1 is read and encoded unchanged', () => {
  const state = read(VERSION_1);
  expect(state).toMatchObject({ spec: 'every(30000ms)', dueAt: 35 });
  expect(encodeState(state)).toBe(VERSION_1);
});

test('the successor of a state of release 0.1 has version 2 and rev 1', () => {
  expect(encodeState(advance(read(VERSION_1), { dueAt: 65 }))).toBe(
    '{"version":2,"rev":1,"spec":"every(30000ms)","anchor":5,"dueAt":65,"sentAt":36,"taskId":"id","runCount":1}',
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
    text
      .replace('"rev":7', '"rev":8')
      .replace('"dueAt":null', '"dueAt":65')
      .replace('"runCount":0', '"runCount":1'),
  );
});

test.each([
  ...['version', 'rev'].flatMap((field) =>
    [0, -1, 1.5, 2 ** 53, '"1"', 'null'].map((value) => [field, value]),
  ),
] as [string, unknown][])('a state whose %s is %s cannot be read', (field, value) => {
  const text = VERSION_1.replace('{', `{"${field}":${String(value)},`);
  expect(() => read(text)).toThrow('the state of entry "cleanup" cannot be read: ');
});

test.each([
  VERSION_1.replace(',', ', '),
  VERSION_1.replace('}', ',"later":1e2}'),
  VERSION_1.replace('}', ',"later":9007199254740993}'),
  VERSION_1.replace('}', ',"spec":"twice"}'),
])(
  'a text that would be written otherwise cannot be read, because no commit could expect it: %s',
  (text) => {
    expect(() => read(text)).toThrow('the state of entry "cleanup" cannot be read: ');
  },
);
