import { describe, expect, test } from 'vitest';

import { ConfigError } from '../../../../src/util/errors.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import { due } from '../walk.ts';

describe('cron', () => {
  test.each([
    ['either day when both are named', '0 0 13 * 5', ['2025-01-03T00:00Z', '2025-01-10T00:00Z']],
    ['both days when one begins with a star', '0 0 */2 * 5', ['2025-01-03T00:00Z', '2025-01-17T00:00Z']],
    ['Sunday as 7', '0 0 * * 7', ['2025-01-05T00:00Z', '2025-01-12T00:00Z']],
    ['a range up to 7', '0 0 * * 6-7', ['2025-01-04T00:00Z', '2025-01-05T00:00Z']],
    ['a step from 7 on', '0 0 * * 7/2', ['2025-01-05T00:00Z', '2025-01-12T00:00Z']],
    ['a range from 7', '0 0 * * 7-1', ['2025-01-05T00:00Z', '2025-01-06T00:00Z']],
    ['names', '0 0 * FEB sat', ['2025-02-01T00:00Z', '2025-02-08T00:00Z']],
    ['a question mark as a star', '0 0 ? * 1', ['2025-01-06T00:00Z', '2025-01-13T00:00Z']],
    ['a step from a number on', '50/5 * * * *', ['2025-01-01T00:50Z', '2025-01-01T00:55Z']],
    ['a step in the days of the week', '0 0 * * 2/5', ['2025-01-07T00:00Z', '2025-01-14T00:00Z']],
    ['a step as wide as the field', '*/60 * * * *', ['2025-01-01T01:00Z', '2025-01-01T02:00Z']],
    ['a value named twice', '0-30/15,15 0 * * *', ['2025-01-01T00:15Z', '2025-01-01T00:30Z']],
    ['the last day of the month', '0 0 L * *', ['2025-01-31T00:00Z', '2025-02-28T00:00Z']],
    ['a day before the last', '0 0 L-3 * *', ['2025-01-28T00:00Z', '2025-02-25T00:00Z']],
    ['the nearest weekday', '0 0 15W * *', ['2025-01-15T00:00Z', '2025-02-14T00:00Z']],
    ['the last weekday', '0 0 LW * *', ['2025-01-31T00:00Z', '2025-02-28T00:00Z']],
    ['a day that only leap years have', '0 0 L-28W 2 *', ['2028-02-01T00:00Z', '2032-02-02T00:00Z']],
    ['the last Friday', '0 0 * * 5L', ['2025-01-31T00:00Z', '2025-02-28T00:00Z']],
    ['the second Monday', '0 0 * * 1#2', ['2025-01-13T00:00Z', '2025-02-10T00:00Z']],
    ['first and third Monday', '0 0 * * 1#1,1#3', ['2025-01-06T00:00Z', '2025-01-20T00:00Z']],
    ['a fifth Friday', '0 0 * * 5#5', ['2025-01-31T00:00Z', '2025-05-30T00:00Z']],
    ['seconds in front', '*/20 * * * * *', ['2025-01-01T00:00:20Z', '2025-01-01T00:00:40Z']],
    ['a year at the end', '0 0 0 1 2 * 2027-2030', ['2027-02-01T00:00Z', '2028-02-01T00:00Z']],
    ['the last year there is', '0 0 0 1 2 * 2199', ['2199-02-01T00:00Z']],
    ['a star for the year', '0 0 0 1 2 * *', ['2025-02-01T00:00Z', '2026-02-01T00:00Z']],
    ['@hourly', '@hourly', ['2025-01-01T01:00Z', '2025-01-01T02:00Z']],
    ['@daily', ' @Daily ', ['2025-01-02T00:00Z', '2025-01-03T00:00Z']],
    ['@weekly', '@weekly', ['2025-01-05T00:00Z', '2025-01-12T00:00Z']],
    ['@yearly', '@yearly', ['2026-01-01T00:00Z', '2027-01-01T00:00Z']],
    ['@secondly', '@secondly', ['2025-01-01T00:00:01Z', '2025-01-01T00:00:02Z']],
    ['tabs and several blanks', '0\t0   1 * *', ['2025-02-01T00:00Z', '2025-03-01T00:00Z']],
  ])('parses %s', (_, line, expected) => {
    expect(due(cron(line), '2025-01-01T00:00Z', 2)).toEqual(expected);
  });

  test('starts on the first matching day of a given year', () => {
    const line = '0 0 0 5 1 * 2027';
    expect(due(cron(line), '2025-03-20T12:00Z', 2)).toEqual(['2027-01-05T00:00Z']);
  });

  test.each([
    ['@every 5m', { minutes: 5 }],
    ['@every 1h30m', { minutes: 90 }],
    ['@EVERY  1.5H', { minutes: 90 }],
    ['@every 2d', { days: 2 }],
    ['@every 500ms', { milliseconds: 500 }],
  ])('parses %s as an interval', (line, parts) => {
    expect(cron(line).spec).toBe(timedelta(parts).spec);
  });

  test.each([
    ['places of weekdays in another order', '0 0 * * 5#1,1#3,1#1', '0 0 * * 1#1,1#3,5#1'],
    ['a place of a weekday twice', '0 0 * * 5#2,fri#2', '0 0 * * 5#2'],
    ['a range of weekdays with a place', '0 0 * * 1-3#1', '0 0 * * 3#1,2#1,1#1'],
    ['Sunday by both numbers', '0 0 * * 7#1,7L', '0 0 * * 0#1,0L'],
    ['last weekdays', '0 0 * * fri#L,L1', '0 0 * * 1L,5l'],
    ['movable days in another order', '0 0 LW,L-1,15W,L,3,L * *', '0 0 3,15w,l,L-1,LW * *'],
    ['ranges past the end', '0 0 * nov-jan *', '0 0 * 1,11,12 *'],
    ['all years', '0 0 0 1 2 * 1970-2199', '0 0 0 1 2 * *'],
    ['no year', '0 0 0 1 2 * *', '0 0 1 2 *'],
  ])('gives the same spec to %s', (_, one, other) => {
    expect(cron(one).spec).toBe(cron(other).spec);
    expect(cron(one)).toBe(cron(other));
  });

  test.each([
    ['a day and its nearest weekday', '0 0 15 * *', '0 0 15W * *'],
    ['the last day and the one before', '0 0 L * *', '0 0 L-1 * *'],
    ['the last day and the last weekday', '0 0 L * *', '0 0 LW * *'],
    ['a year and another', '0 0 0 1 2 * 2027', '0 0 0 1 2 * 2028'],
  ])('gives different specs to %s', (_, one, other) => {
    expect(cron(one).spec).not.toBe(cron(other).spec);
  });

  test.each([
    ['61 0 * * *', 'minute: "61" is out of range 0-59'],
    ['0-99 0 * * *', 'minute: "99" is out of range 0-59 in "0-99"'],
    ['0 24 * * *', 'hour: "24" is out of range 0-23'],
    ['0 0 0 * *', 'day of month: "0" is out of range 1-31'],
    ['0 0 * 13 *', 'month: "13" is out of range 1-12'],
    ['0 0 * * 8', 'day of week: "8" is out of range 0-7'],
    ['0 0 * * friday', 'day of week: "friday" is invalid; allowed: 0-7, sun-sat'],
    ['0 0 * * friday', 'did you mean "fri"?'],
    ['0 0 * * frj', 'did you mean "fri"?'],
    ['0 0 * janfeb *', 'did you mean "jan,feb" or "jan-feb"?'],
    ['0 0 * 1jan *', 'month: "1jan" is invalid; allowed: 1-12, jan-dec or H'],
    ['0 0 * 1jan *', 'did you mean "jan"?'],
    ['0 0 * * sunmon', 'did you mean "sun,mon" or "sun-mon"?'],
    ['0 0 * mon *', 'month: "mon" is invalid'],
    ['0 0 * mon *', '"mon" belongs in the day of week'],
    ['0 jan * * *', '"jan" belongs in the month'],
    ['1,,2 * * * *', 'minute: "" is empty; remove the extra comma'],
    ['*/90 * * * *', "has a step larger than the field's 60 values"],
    ['*/90 * * * *', 'write 0, or "@every 90m" for an interval'],
    ['5/61 * * * *', 'it matches only minute 5; write 5, or "@every 61m"'],
    ['0 */25 * * *', 'write 0, or "@every 25h" for an interval'],
    ['0 0 */32 * *', 'write 1, or "@every 32d" for an interval'],
    ['0 0 * */13 *', 'it matches only month 1; write 1'],
    ['0 0 * * */8', "a step larger than the field's 7 values"],
    ['*/61 * * * * *', 'second: "*/61" has a step'],
    ['*/0 * * * *', 'minute: "*/0" has a step that is not a positive integer'],
    ['*/1.5 * * * *', 'has a step that is not a positive integer'],
    ['*/2/2 * * * *', 'minute: "*/2/2" has more than one step'],
    ['/5 * * * *', 'minute: "/5" is invalid'],
    ['1-2-3 * * * *', 'minute: "1-2-3" is invalid'],
    ['*-5 * * * *', 'minute: "*-5" is invalid'],
    ['L * * * *', 'minute: "L" is invalid'],
    ['0 0 W * *', 'day of month: "W" is invalid'],
    ['0 0 32W * *', 'day of month: "32" is out of range 1-31 in "32W"'],
    ['0 0 1-5W * *', 'W belongs to one day: "1W,2W"'],
    ['0 0 L-0 * *', 'is out of range L-1 to L-30'],
    ['0 0 L-31 * *', 'is out of range L-1 to L-30'],
    ['0 0 L5 * *', 'did you mean "L-5"?'],
    ['0 0 5L * *', 'belongs in the day of week'],
    ['0 0 L/2 * *', 'day of month: "L/2" is invalid'],
    ['0 0 * * L', 'is ambiguous (Saturday in some libraries, Sunday in others)'],
    ['0 0 * * 5W', 'day of week: "5W" is invalid'],
    ['0 0 * * 5#6', 'needs a number from 1 to 5, or L for the last, after #'],
    ['0 0 * * 5#', 'needs a number from 1 to 5'],
    ['0 0 * * 5#0', 'needs a number from 1 to 5'],
    ['0 0 * * 5#1e0', 'needs a number from 1 to 5'],
    ['0 0 * * 1#2.31', 'needs a number from 1 to 5'],
    ['0 0 * * 1#1#2', 'day of week: "1#1#2" is invalid'],
    ['0 0 * * #1', 'day of week: "#1" is invalid'],
    ['0 0 * * 1-5/2#1', 'combines a step with # or L; list the days instead'],
    ['0 0 * * 1/2L', 'combines a step with # or L; list the days instead'],
    ['0 0 0 1 1 * 1969', 'year: "1969" is out of range 1970-2199'],
    ['0 0 0 1 1 * 2200', 'year: "2200" is out of range 1970-2199'],
    ['0 0 0 1 1 * 2030-2027', 'year: "2030-2027" is backwards; write "2027-2030"'],
    ['0 0 1 1 * 2027', 'the year is the seventh field'],
    ['0 0 1 1 * 1970', 'the year is the seventh field'],
    ['0 0 1 1 * 1969', /^day of week: "1969" is out of range 0-7$/],
    ['0 0 1 2027 *', /^month: "2027" is out of range 1-12$/],
    ['* * * *', '"* * * *" has 4 fields: expected 5'],
    ['* * * * * * * *', 'has 8 fields: expected 5'],
    ['', '"" has 0 fields: expected 5'],
    ['daily', '"daily" has 1 field: expected 5'],
    ['@dayly', '"@dayly" is not a known nickname; did you mean "@daily"?'],
    ['@fortnight', '"@fortnight" is not a known nickname; allowed: @yearly'],
    ['@constructor', '"@constructor" is not a known nickname'],
    ['@reboot', '"@reboot" is not supported'],
    ['@every', '"@every" has no duration; write "@every 5m"'],
    ['@every 5', '"@every 5" has an invalid duration'],
    ['@every 0s', 'the minimum is one millisecond'],
  ])('rejects %j: %s', (line, message) => {
    expect(() => cron(line)).toThrow(ConfigError);
    expect(() => cron(line)).toThrow(message);
  });

  test('reports every invalid field', () => {
    expect(() => cron('60 60 24 32 13 8 1')).toThrow(
      /^second: .*\nminute: .*\nhour: .*\nday of month: .*\nmonth: .*\nday of week: .*\nyear: .*$/,
    );
  });

  test.each([
    ['a part of 100 kB', `${'1-'.repeat(50_000)} * * * *`, 'minute: "1-1-'],
    ['a day of 1 kB', `0 0 ${'1-'.repeat(500)}w * *`, 'is longer than 100 characters'],
    ['100,000 days', `0 0 ${'1,'.repeat(100_000)}1 * *`, 'is longer than 2000 characters'],
    ['100,000 fields', '* '.repeat(100_000), 'has 100000 fields'],
    ['a nickname of 100 kB', `@${'y'.repeat(100_000)}`, 'is not a known nickname'],
    ['an interval of 100 kB', `@every ${'1'.repeat(100_000)}`, 'has an invalid duration'],
  ])('rejects %s with a short message', (_, line, message) => {
    expect(() => cron(line)).toThrow(message);
    expect(() => cron(line)).toThrow(/^.{1,500}$/);
  });

  test('accepts a list of all years', () => {
    const years = Array.from({ length: 230 }, (_, i) => 1970 + i).join(',');
    expect(cron(`0 0 0 1 1 * ${years}`).spec).toBe(cron('0 0 0 1 1 * *').spec);
  });

  test('rejects a value that is not a string', () => {
    expect(() => cron(5 as unknown as string)).toThrow('5 is not a cron expression');
  });
});
