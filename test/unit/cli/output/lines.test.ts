import { expect, test } from 'vitest';
import { formatInZone } from '../../../../src/schedule/zone/format-in-zone.ts';
import { formatTable } from '../../../../src/cli/output/lines.ts';

test('table: makes columns as wide as their widest cell, without trailing spaces', () => {
  const rows = [
    ['nightly', 'a', 'never'],
    ['b', 'reports.weekly', ''],
  ];
  expect(formatTable(['ENTRY', 'TASK', 'LAST SENT'], rows)).toEqual([
    'ENTRY    TASK            LAST SENT',
    'nightly  a               never',
    'b        reports.weekly',
  ]);
});

test('table: shortens long cells and escapes controls, so that neither makes other rows wide or moves the cursor', () => {
  const rows = [
    ['x'.repeat(9_000), 'a'],
    ['\u001b[2J\r\n\u202e', 'b'],
    ['\u0000'.repeat(9_000), 'c'],
  ];
  const lines = formatTable(['ENTRY', 'TASK'], rows);
  expect(lines[1]).toBe(`${'x'.repeat(100)}…  a`);
  expect(lines[2]).toBe(`${'\\u001b[2J\\r\\n\\u202e'.padEnd(101)}  b`);
  expect(lines[3]).toHaveLength(lines[1]!.length);
});

test('table: has any number of rows', () => {
  const rows = Array.from({ length: 200_000 }, () => ['x']);
  expect(formatTable(['ENTRY'], rows)).toHaveLength(200_001);
});

test('formatInZone: shows local time, offset and zone, and milliseconds if there are any', () => {
  const at = Date.parse('2027-07-01T06:30:00Z');
  expect(formatInZone(at, 'Europe/Oslo')).toBe('2027-07-01 08:30:00 +02:00 Europe/Oslo');
  expect(formatInZone(at + 5, 'UTC')).toBe('2027-07-01 06:30:00.005 +00:00 UTC');
});
