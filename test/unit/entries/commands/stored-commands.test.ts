import { expect, test } from 'vitest';
import { applyCommand } from '../../../../src/entries/commands/entry-commands.ts';
import { applyStoredCommand } from '../../../../src/entries/commands/stored-commands.ts';
import type { StoredCommand } from '../../../../src/entries/commands/command.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { readStoredEntry } from '../../../../src/entries/catalog/definition.ts';
import type { PlannedChange } from '../../../../src/entries/planning/planned-change.ts';
import type { StoredTarget } from '../../../../src/entries/catalog/definition.ts';
import { advance, newState } from '../../../../src/contracts/store/entry-state.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';
import { entryOf } from '../../config/support.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const SENT = { id: 'c1', at: null, by: 'alice', reason: null };
const { definitions } = resolveSettings({ timezone: 'Europe/Oslo' });
const DEFINITION = { task: 'tasks.a', schedule: 30 };
const STORED = { ...DEFINITION, timezone: 'Europe/Oslo' };
const STATE = newState('every(30000ms)', NOW - 1);

function apply(
  command: Partial<StoredCommand> & Pick<StoredCommand, 'do'>,
  stored: Readonly<Record<string, StoredTarget | string>> = {},
) {
  const targets = {
    stored: new Map(Object.entries(stored)),
    findDeclared: (name: string) => (name === 'declared' ? entryOf(DEFINITION) : undefined),
    definitions,
  };
  const outcome = runAtOnce(applyStoredCommand(targets, { ...SENT, ...command } as StoredCommand, NOW));
  return outcome.kind === 'edits' ? { ...outcome, edits: outcome.edits.map(toEdit) } : outcome;
}

/** The name, the states and what is written by a change. */
function toEdit({ entry, change: { entry: name, before, after, stored }, edit: change }: PlannedChange) {
  const { definition } = stored!;
  return {
    name,
    change,
    before,
    after,
    written: definition ? { entry, definition: JSON.parse(definition) as unknown } : null,
  };
}

const add = (added: Readonly<Record<string, object>>, stored?: Parameters<typeof apply>[1]) => {
  const [entry = null, ...more] = Object.keys(added);
  const given = added as Readonly<Record<string, Record<string, unknown>>>;
  return apply({ do: 'add', entry: more.length > 0 ? null : entry, definitions: given }, stored);
};

test('add: a new entry counts from now', () => {
  expect(add({ a: DEFINITION })).toEqual({
    kind: 'edits',
    answer: 'added a',
    edits: [
      {
        name: 'a',
        change: 'added',
        before: null,
        after: newState('every(30000ms)', NOW),
        written: { definition: STORED, entry: expect.objectContaining({ stored: true }) as object },
      },
    ],
  });
});

test('add: an entry that another scheduler ran counts from its last run there, which is not stored', () => {
  const lastRunAt = new Date(NOW - 20_000).toISOString();
  const added = { a: { ...DEFINITION, last_run_at: lastRunAt } };
  const after = newState('every(30000ms)', NOW - 20_000);
  expect(add(added)).toMatchObject({ edits: [{ after, written: { definition: STORED } }] });
  const { edits } = add(added, { a: { definition: STORED, state: STATE } }) as { edits: unknown };
  expect(edits).toEqual([]);
});

test('add: an entry that exists with the same definition stays as it is', () => {
  const existing = { definition: STORED, state: STATE };
  const outcome = { kind: 'edits', edits: [], answer: 'a existed already, with this definition' };
  expect(add({ a: DEFINITION }, { a: existing })).toEqual(outcome);
  expect(add({ a: STORED }, { a: existing })).toEqual(outcome);
  expect(add({ a: DEFINITION, b: DEFINITION }, { a: existing })).toMatchObject({
    answer: 'added 1 entry; 1 existed already',
    edits: [{ name: 'b' }],
  });
});

test('add: an entry that exists with another definition is rejected', () => {
  const existing = { definition: { ...STORED, task: 'other' }, state: STATE };
  expect(add({ a: DEFINITION }, { a: existing })).toEqual({
    kind: 'rejected',
    reason: 'entry "a" exists with another definition; update or remove it',
  });
  expect(add({ a: DEFINITION }, { a: 'unreadable' })).toMatchObject({ kind: 'rejected' });
});

test('add: either all of several entries are added or none, with every reason in the answer', () => {
  expect(
    add({
      good: DEFINITION,
      declared: DEFINITION,
      bad: { taks: 'tasks.a', schedule: { cron: '61 * * * *' } },
      past: { task: 't', schedule: { at: '2020-01-01T00:00Z' } },
    }),
  ).toEqual({
    kind: 'rejected',
    reason: [
      'entry "declared" is declared in the configuration',
      'bad.taks: unknown key; did you mean "task"?',
      'bad.schedule.cron: minute: "61" is out of range 0-59',
      'bad.task: missing; expected text that is not empty, or a signature',
      'entry "past" would never be due',
    ].join('; '),
  });
});

test('add: an answer has at most ten reasons and counts the others', () => {
  const many = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`e${i}`, {}]));
  const outcome = add(many);
  expect(outcome).toMatchObject({ kind: 'rejected' });
  expect('reason' in outcome && outcome.reason).toMatch(/; e9\.task: missing; [^;]*; and 5 more$/);
});

test('add: a disabled entry is stored and not scheduled', () => {
  expect(add({ a: { ...DEFINITION, enabled: false } })).toMatchObject({
    edits: [{ after: { spec: null }, written: { entry: { enabled: false } } }],
  });
});

test('update: replaces fields in any spelling, and null removes a field', () => {
  const definition = { ...STORED, startingDeadline: '5m', description: 'old' };
  const fields = { starting_deadline: '10m', description: null, args: [1] };
  const stored = { a: { definition, state: STATE } };
  expect(apply({ do: 'update', entry: 'a', definition: fields }, stored)).toMatchObject({
    answer: 'updated a',
    edits: [
      {
        name: 'a',
        change: null,
        before: STATE,
        after: { ...STATE, rev: 2 },
        written: { definition: { ...STORED, startingDeadline: '10m', args: [1] } },
      },
    ],
  });
});

test('update: an edited schedule counts from now', () => {
  const stored = { a: { definition: STORED, state: STATE } };
  const definition = { schedule: 60 };
  expect(apply({ do: 'update', entry: 'a', definition }, stored)).toMatchObject({
    answer: 'updated a; its schedule counts from now',
    edits: [{ change: 'edited', after: { spec: 'every(60000ms)', anchor: NOW } }],
  });
});

test('update: an invalid definition is rejected with all problems', () => {
  const stored = { a: { definition: STORED, state: STATE } };
  const definition = { schedule: { cron: '61 * * * *' }, sparkle: 1 };
  expect(apply({ do: 'update', entry: 'a', definition }, stored)).toEqual({
    kind: 'rejected',
    reason: expect.stringMatching(/a\.sparkle: unknown key.*; a\.schedule\.cron: minute/) as string,
  });
});

test.each(['update', 'remove'] as const)('%s: entries that are not stored are rejected', (name) => {
  const definition = {};
  expect(apply({ do: name, entry: 'x', definition })).toEqual({
    kind: 'rejected',
    reason: 'no stored entry "x"; beat list shows all entries',
  });
  expect(apply({ do: name, entry: 'declared', definition })).toEqual({
    kind: 'rejected',
    reason: 'entry "declared" is declared in the configuration: edit the file, then run beat reload',
  });
  expect(apply({ do: name, entry: 'a', definition }, { a: 'unreadable' })).toEqual({
    kind: 'rejected',
    reason: 'unreadable',
  });
});

test('remove: removes the entry with its state, even if its definition is invalid', () => {
  const stored = { a: { definition: { sparkle: 1 }, state: STATE } };
  expect(apply({ do: 'remove', entry: 'a' }, stored)).toEqual({
    kind: 'edits',
    answer: 'removed a',
    edits: [{ name: 'a', change: 'removed', before: STATE, after: null, written: null }],
  });
});

test('remove: the state of an entry that is also declared stays', () => {
  const stored = { declared: { definition: DEFINITION, state: STATE } };
  expect(apply({ do: 'remove', entry: 'declared' }, stored)).toMatchObject({
    edits: [{ change: null, before: STATE, after: advance(STATE, {}), written: null }],
  });
  expect(apply({ do: 'update', entry: 'declared', definition: {} }, stored)).toMatchObject({
    kind: 'rejected',
    reason: expect.stringContaining('is declared') as string,
  });
});

test('add: the state of an entry that was declared before is continued', () => {
  const state = { ...STATE, spec: null, runCount: 7 };
  const stored = { a: { definition: undefined, state } };
  expect(apply({ do: 'add', definitions: { a: DEFINITION } }, stored)).toMatchObject({
    edits: [{ change: 'added', before: state, after: { rev: state.rev + 1, runCount: 7 } }],
  });
  expect(apply({ do: 'remove', entry: 'a' }, stored)).toMatchObject({ kind: 'rejected' });
});

test.each<[string, (fields: object) => object]>([
  ['definition', (fields) => ({ ...DEFINITION, ...fields })],
  ['options', (options) => ({ ...DEFINITION, options })],
  ['crontab', (crontab) => ({ ...DEFINITION, schedule: { crontab } })],
  ['timedelta', (timedelta) => ({ ...DEFINITION, schedule: { timedelta } })],
  ['solar', (solar) => ({ ...DEFINITION, schedule: { solar } })],
])('definitions: of very many unknown fields of its %s, 20 are reported', (_what, make) => {
  const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`unknown${i}`, i]));
  let error: unknown;
  try {
    definitions.read('a', make(fields) as Record<string, unknown>);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  const unknown = (error as ConfigError).errors.filter(({ path }) => /unknown\d/.test(path.join()));
  expect(unknown).toHaveLength(20);
});

test.each<[string, string, object]>([
  ['20,001 values', '20000 values', { args: Array.from({ length: 20_001 }, () => 1) }],
  ['201 templates', '200 templates', { args: ['{{dueAt}}'.repeat(201)] }],
])('definitions: one with %s is rejected before it is read, and is not loaded', (_, limit, fields) => {
  const definition = { ...DEFINITION, ...fields };
  expect(add({ a: definition })).toEqual({
    kind: 'rejected',
    reason: `the definition of entry "a" is too large: it has more than ${limit}`,
  });
  const row = { entry: 'a', definition: JSON.stringify(definition), state: null, dueAt: null };
  expect(() => readStoredEntry(row, definitions)).toThrow('or is too large');
});

test('backfill: the size of a run of a chain of groups is that of its messages', () => {
  const chain = Array.from({ length: 5 }, () => ({ group: ['a', 'b'] }));
  const entry = entryOf({ task: { chain } }, { resultBackend: 'redis://localhost' });
  const [from, to] = [NOW - 10 * 3_600_000, NOW];
  const command = { ...SENT, do: 'backfill', entry: 'e', from, to } as const;
  const outcome = runAtOnce(applyCommand({ entry, state: STATE }, command, NOW));
  expect(outcome).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^600 runs with/) as string });
});
