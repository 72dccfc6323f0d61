import { expect, test } from 'vitest';
import { formatInZone } from '../../../../src/schedule/zone/format-in-zone.ts';
import { formatTable } from '../../../../src/cli/output/table.ts';

test('table: makes columns as wide as their widest cell, without trailing spaces', () => {
  const rows = [
    ['nightly', 'a', 'never'],
    ['b', 'reports.weekly', ''],
  ];
  expect(formatTable(['ENTRY', 'TASK', 'LAST SENT'], rows).split('\n')).toEqual([
    'ENTRY    TASK            LAST SENT',
    'nightly  a               never',
    'b        reports.weekly',
  ]);
});

test('formatInZone: shows local time, offset and zone, and milliseconds if there are any', () => {
  const at = Date.parse('2027-07-01T06:30:00Z');
  expect(formatInZone(at, 'Europe/Oslo')).toBe('2027-07-01 08:30:00 +02:00 Europe/Oslo');
  expect(formatInZone(at + 5, 'UTC')).toBe('2027-07-01 06:30:00.005 +00:00 UTC');
});
