import { describe, expect, test } from 'vitest';
import { addPage, readAction, readNewEntry } from '../../../src/http/pages/entry-forms.ts';
import { ConfigError } from '../../../src/util/errors.ts';
import { makeFrame, render, textOf } from '../../support/render.ts';

describe('the form of an entry', () => {
  test('sends only the fields that were filled in, without spaces around them', () => {
    const form = { do: ' pause ', reason: ' migration ', until: '', from: '', to: '', dueAt: '' };
    expect(readAction('a', form)).toEqual({ do: 'pause', entry: 'a', reason: 'migration' });
    expect(readAction('a', {})).toEqual({ do: '', entry: 'a' });
  });

  test.each(['until', 'dueAt', 'from', 'to'])('sends the local time of the field %s as UTC', (name) => {
    const read = (text: string) => readAction('a', { do: 'x', [name]: text })[name];
    expect(read('2099-01-01T00:00')).toBe('2099-01-01T00:00Z');
    expect(read('2099-01-01T00:00:30')).toBe('2099-01-01T00:00:30Z');
    expect(read('2099-01-01T00:00+01:00')).toBe('2099-01-01T00:00+01:00');
    expect(read('soon')).toBe('soon');
  });

  test('sends a definition as JSON, or names the field that is none', () => {
    expect(readAction('a', { do: 'update', definition: '{"task": null}' })).toEqual({
      ...{ do: 'update', entry: 'a' },
      definition: { task: null },
    });
    const read = () => readAction('a', { do: 'update', definition: '{' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^definition: invalid JSON: /);
  });
});

describe('the form of a new entry', () => {
  const empty = { entry: '', task: '', schedule: '', timezone: '', args: '', kwargs: '' };

  test.each([
    ['0 7 * * mon', { cron: '0 7 * * mon' }],
    ['@daily', { cron: '@daily' }],
    ['5m', '5m'],
    ['90', '90'],
    ['{"at": "2030-01-01T00:00:00Z"}', { at: '2030-01-01T00:00:00Z' }],
  ])('sends the schedule %s', (text, schedule) => {
    const { command } = readNewEntry({ entry: ' a ', task: ' t ', schedule: text });
    expect(command()).toEqual({ do: 'add', entry: 'a', definition: { task: 't', schedule } });
  });

  test('sends further fields that were filled in', () => {
    const more = { timezone: 'Europe/Oslo', args: '[1]', kwargs: '{"a": 2}' };
    const { given, command } = readNewEntry({ entry: 'a', task: 't', schedule: '5m', ...more });
    expect(given).toEqual({ entry: 'a', task: 't', schedule: '5m', ...more });
    expect(command()['definition']).toEqual({
      ...{ task: 't', schedule: '5m', timezone: 'Europe/Oslo', args: [1], kwargs: { a: 2 } },
    });
  });

  test.each(['schedule', 'args', 'kwargs'])('names the field %s if it is not JSON', (name) => {
    const { given, command } = readNewEntry({ entry: 'a', task: 't', [name]: '{' });
    expect(given).toMatchObject({ [name]: '{' });
    expect(command).toThrow(new RegExp(`^${name}: invalid JSON: `));
  });

  test('shows what was typed, with the problems or the rejection', async () => {
    const frame = makeFrame({ mayChange: true });
    const page = (...rest: [Parameters<typeof addPage>[2], string | null]) =>
      render(addPage(frame, { ...empty, entry: 'a "b"', timezone: 'Europe/Oslo' }, ...rest));
    const fresh = await page([], null);
    const fields = [...fresh.matchAll(/name="(\w+)" value="([^"]*)" (required)?/g)];
    expect(fields.map(([, ...field]) => field.filter(Boolean).join(' '))).toEqual([
      ...['entry a &quot;b&quot; required', 'task required', 'schedule required'],
      ...['timezone Europe/Oslo', 'args', 'kwargs'],
    ]);
    expect(fresh).not.toContain('role="alert"');
    const wrong = await page([{ path: ['task'], message: 'missing' }], null);
    expect(textOf(/role="alert">.*?<\/div>/.exec(wrong)![0])).toContain('task: missing');
    const rejected = await page([], 'there is an entry a');
    expect(textOf(rejected)).toContain('Rejected: there is an entry a');
  });
});
