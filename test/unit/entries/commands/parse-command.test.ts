import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../../../src/entries/commands/parse-command.ts';

const ID = '6f0f2b62-9b0c-4f6d-a1ab-5d7c6c6f6a01';

function parse(command: unknown) {
  return parseCommand(typeof command === 'string' ? command : JSON.stringify(command));
}

describe('parseCommand', () => {
  test('reads a pause with all its fields', () => {
    const command = {
      id: ID,
      at: '2026-11-22T12:00:00Z',
      by: 'alice@ops',
      do: 'pause',
      entry: 'backup',
      reason: 'migration',
      until: '2026-11-23T00:00:00+01:00',
    };
    expect(parse(command)).toEqual({
      kind: 'command',
      command: { ...command, at: Date.UTC(2026, 10, 22, 12), until: Date.UTC(2026, 10, 22, 23) },
    });
  });

  test.each([
    ['pause', { until: null }],
    ['resume', {}],
    ['run', {}],
    ['skip', { dueAt: null }],
    ['remove', {}],
  ])('needs only id, do and entry for %s', (name, rest) => {
    expect(parse({ id: ID, do: name, entry: 'backup' })).toEqual({
      kind: 'command',
      command: { id: ID, at: null, by: '', reason: null, do: name, entry: 'backup', ...rest },
    });
  });

  test('reads the definitions of one new entry and of several as they are', () => {
    const definition = { task: 'tasks.add', schedule: 30, args: [1, 2] };
    expect(parse({ id: ID, do: 'add', entry: 'new', definition })).toMatchObject({
      command: { entry: 'new', definitions: { new: definition } },
    });
    const entries = { a: definition, b: { ...definition, args: [] } };
    expect(parse({ id: ID, do: 'add', entries })).toMatchObject({ command: { entry: null, definitions: entries } });
  });

  test('rejects new entries that are neither a single entry nor a list', () => {
    const definition = { task: 'tasks.add', schedule: 30 };
    const either = {
      reason: expect.stringMatching(/^entries: (missing; )?expected either entry and definition, or entries/) as string,
    };
    for (const given of [
      {},
      { entry: 'a' },
      { definition },
      { entry: 'a', entries: { a: definition } },
      { definition, entries: { a: definition } },
      { entry: 'a', definition, entries: { a: definition } },
    ]) {
      expect(parse({ id: ID, do: 'add', ...given })).toMatchObject(either);
    }
    const most = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [i, definition]));
    for (const entries of [{}, [], { a: 1 }, { '': definition }, most]) {
      expect(parse({ id: ID, do: 'add', entries })).toMatchObject({ kind: 'malformed' });
    }
  });

  test('a reload names no entry', () => {
    expect(parse({ id: ID, do: 'reload' })).toMatchObject({ kind: 'command' });
    expect(parse({ id: ID, do: 'reload', entry: 'x' })).toMatchObject({ reason: 'entry: unknown field' });
  });

  test.each<[string, unknown, string | null, string | RegExp]>([
    ['text that is not JSON', '{"id": ', null, /^invalid JSON: /],
    ['a list', [], null, 'expected a JSON object'],
    ['an unknown command', { id: ID, do: 'pauze', entry: 'e' }, ID, /did you mean "pause"\?$/],
    ['no command', { id: ID }, ID, /^do: missing; expected one of pause, resume, /],
    ['a name of Object.prototype', { id: ID, do: 'toString' }, ID, /^do: expected one of /],
    ['no id', { do: 'run', entry: 'e' }, null, /^id: missing; expected a text of 1 to 100 /],
    ['no entry', { id: ID, do: 'run', entry: null }, ID, /^entry: expected a text .*, got null$/],
    [
      'several mistakes, all at once',
      { id: ID, do: 'backfill', entry: '', from: '12:00', form: 1 },
      ID,
      'entry: expected a text of 1 to 10,000 characters without NUL or lone surrogates, got ""; ' +
        'from: expected an instant such as 2030-01-31T08:00:00Z, got "12:00"; ' +
        'to: missing; expected an instant such as 2030-01-31T08:00:00Z; ' +
        'form: unknown field; did you mean "from"?',
    ],
    [
      'new entries without a definition and with another mistake, both at once',
      { id: ID, do: 'add', entry: 'e', at: 'noon' },
      ID,
      /^at: expected an instant .*; entries: missing; expected either entry and definition, or entries$/,
    ],
    [
      'an instant without an offset',
      { id: ID, do: 'pause', entry: 'e', until: '2026-11-23T00:00:00' },
      ID,
      /^until: expected an instant such as/,
    ],
    ['a lone surrogate', { id: ID, do: 'run', entry: '\ud800' }, ID, /^entry: expected a text/],
    ['a NUL', { id: ID, do: 'run', entry: 'a\0b' }, ID, /^entry: expected a text/],
    ['a definition that is a list', { id: ID, do: 'add', entry: 'e', definition: [] }, ID, /object/],
    ['over a megabyte', `"${'x'.repeat(1_000_001)}"`, null, /over 1,000,000 bytes/],
  ])('rejects %s', (_what, command, id, reason) => {
    const parsed = parse(command);
    expect(parsed).toMatchObject({ kind: 'malformed', header: { id } });
    if (parsed.kind === 'malformed') expect(parsed.reason).toMatch(reason);
  });

  test('returns the fields of a malformed command that can be read', () => {
    const sent = { id: ID, at: '2026-11-22T12:00:00Z', by: 'alice@ops', reason: 'migration' };
    const header = { ...sent, at: Date.UTC(2026, 10, 22, 12) };
    expect(parse({ ...sent, do: 'pause', entry: 'backup', until: 'tomorrow' })).toMatchObject({
      header: { ...header, do: 'pause', entry: 'backup' },
    });
    expect(parse({ ...sent, do: 'explode', entry: ['backup'] })).toMatchObject({
      header: { ...header, do: null, entry: null },
    });
    expect(parse({ id: 'x'.repeat(200), at: 5, by: 5, reason: 'a\0b' })).toMatchObject({
      header: { id: 'x'.repeat(100), do: null, entry: null, at: null, by: '', reason: null },
    });
    for (const id of ['', 'a\0b', '\ud800', 5]) {
      expect(parse({ id, do: 'run' })).toMatchObject({ header: { id: null, do: 'run' } });
    }
  });

  test('reads no part of a command of more than a megabyte', () => {
    const definition = { task: 't', args: ['x'.repeat(1_000_000)] };
    const command = { do: 'add', definition, entry: 'long', id: ID, by: 'alice@ops' };
    const reason = 'a command of over 1,000,000 bytes';
    const header = { id: null, do: null, entry: null };
    expect(parse(command)).toMatchObject({ reason, header });
    const removed = `${reason}; removed without being read`;
    expect(parseCommand(null)).toMatchObject({ reason: removed, header });
  });

  test('lists 20 of very many unknown fields, and suggests a name for the first 5', () => {
    const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`entry${i}`, i]));
    const parsed = parse({ id: ID, do: 'run', entry: 'e', ...fields });
    if (parsed.kind !== 'malformed') throw new Error('expected a malformed command');
    expect(parsed.problems).toHaveLength(21);
    expect(parsed.problems.at(-1)!.message).toBe('and 49,980 more unknown fields');
    expect(parsed.problems.map(({ message }) => message.includes('did you mean "entry"?'))).toEqual([
      ...Array.from({ length: 5 }, () => true),
      ...Array.from({ length: 16 }, () => false),
    ]);
  });

  test.each([
    ['do', { id: ID, by: 'ann' }],
    ['entry', { id: ID, by: 'ann', do: 'run' }],
    ['definition', { id: ID, by: 'ann', do: 'add', entry: 'e' }],
  ])('rejects a command whose %s nests 5,000 levels deep, with its id', (field, rest) => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    expect(parse(`${JSON.stringify(rest).slice(0, -1)},"${field}":${deep}}`)).toMatchObject({
      reason: 'it is nested deeper than 500 levels',
      header: { id: ID, by: 'ann' },
    });
  });

  test('cuts a long value in the reason', () => {
    const parsed = parse({ id: ID, do: 'run', entry: 'e', at: 'x'.repeat(10_000) });
    if (parsed.kind !== 'malformed') throw new Error('expected a malformed command');
    expect(parsed.reason.length).toBeLessThan(200);
    expect(JSON.stringify(parsed.header).length).toBeLessThan(200);
  });
});
