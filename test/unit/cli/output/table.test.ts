import { expect, it } from 'vitest';
import { inZone, table } from '../../../../src/cli/output/table.ts';

it('a table has columns as wide as their widest cell, two spaces apart, and no space at a line end', () => {
  const rows = [
    ['nightly', 'a', 'never'],
    ['b', 'reports.weekly', ''],
  ];
  expect(table(['ENTRY', 'TASK', 'LAST SENT'], rows).split('\n')).toEqual([
    'ENTRY    TASK            LAST SENT',
    'nightly  a               never',
    'b        reports.weekly',
  ]);
});

it('an instant is shown by the clock of its zone, with milliseconds only where it has some', () => {
  const at = Date.parse('2027-07-01T06:30:00Z');
  expect(inZone(at, 'Europe/Oslo')).toBe('2027-07-01 08:30:00 +02:00 Europe/Oslo');
  expect(inZone(at + 5, 'UTC')).toBe('2027-07-01 06:30:00.005 +00:00 UTC');
});
