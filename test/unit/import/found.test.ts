import { expect, test } from 'vitest';
import {
  escapeTemplates,
  listDifferent,
  readCrontabFields,
  tryConvert,
  UniqueNames,
  upcomingOf,
  type Left,
} from '../../../src/import/found.ts';
import { at } from '../../../src/schedule/at.ts';

test('import: a name that is taken has the first number from 2 that makes it unique', () => {
  const names = new UniqueNames();
  expect(names.has('a')).toBe(false);
  expect(['a', 'a', 'a-2', 'a', 'b'].map((name) => names.take(name))).toEqual(['a', 'a-2', 'a-2-2', 'a-3', 'b']);
  expect(['a', 'a-3', 'a-4'].map((name) => names.has(name))).toEqual([true, true, false]);
});

test('import: what cannot be converted is listed with the reason', () => {
  const left: Left[] = [];
  expect(tryConvert('x', left, () => 7)).toBe(7);
  const failed = tryConvert('x', left, (): number => {
    throw new Error('it is odd');
  });
  expect([failed, left]).toEqual([undefined, [{ place: 'x', reason: 'it is odd' }]]);
  expect(listDifferent('x', ['a', 'b'])).toEqual([
    { kind: 'different', place: 'x', reason: 'a' },
    { kind: 'different', place: 'x', reason: 'b' },
  ]);
});

test("import: fields of Celery's crontab that match everything are left out", () => {
  const given = { minute: '*', hour: 0, day_of_week: 'mon', day_of_month: '1', month_of_year: '2' };
  expect(readCrontabFields(given)).toEqual({ hour: 0, dayOfWeek: 'mon', dayOfMonth: '1', monthOfYear: '2' });
  expect(readCrontabFields({ minute: '5' })).toEqual({ minute: '5' });
});

test('import: instants of a schedule that ends are followed by none', () => {
  const instant = new Date('2028-01-01T00:00:00Z');
  expect(upcomingOf(at(instant))(new Date(0), 2)).toEqual([instant, null]);
});

test('import: texts that beat would read as templates are escaped, also within lists and maps', () => {
  const value = { a: ['{{dueAt}} {{ entry }}', '{{other}}', 1, null], b: { c: '{{entry|x}}' } };
  expect(escapeTemplates(value)).toEqual({
    a: [String.raw`\{{dueAt}} \{{ entry }}`, '{{other}}', 1, null],
    b: { c: String.raw`\{{entry|x}}` },
  });
});
