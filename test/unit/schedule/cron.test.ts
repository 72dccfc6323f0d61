import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../src/errors.ts';
import { cron } from '../../../src/schedule/cron.ts';
import { due } from './walk.ts';

describe('cron', () => {
  it.each([
    ['either day when both are named', '0 0 13 * 5', ['2025-01-03T00:00Z', '2025-01-10T00:00Z']],
    [
      'both days when one begins with a star',
      '0 0 */2 * 5',
      ['2025-01-03T00:00Z', '2025-01-17T00:00Z'],
    ],
    ['Sunday as 7', '0 0 * * 7', ['2025-01-05T00:00Z', '2025-01-12T00:00Z']],
    ['a range up to 7', '0 0 * * 6-7', ['2025-01-04T00:00Z', '2025-01-05T00:00Z']],
    ['names', '0 0 * FEB sat', ['2025-02-01T00:00Z', '2025-02-08T00:00Z']],
    ['a question mark as a star', '0 0 ? * 1', ['2025-01-06T00:00Z', '2025-01-13T00:00Z']],
    ['a step from a number on', '50/5 * * * *', ['2025-01-01T00:50Z', '2025-01-01T00:55Z']],
    ['a value named twice', '0-30/15,15 0 * * *', ['2025-01-01T00:15Z', '2025-01-01T00:30Z']],
    ['the last day of the month', '0 0 L * *', ['2025-01-31T00:00Z', '2025-02-28T00:00Z']],
    ['the last Friday', '0 0 * * 5L', ['2025-01-31T00:00Z', '2025-02-28T00:00Z']],
    ['the second Monday', '0 0 * * 1#2', ['2025-01-13T00:00Z', '2025-02-10T00:00Z']],
    ['first and third Monday', '0 0 * * 1#1,1#3', ['2025-01-06T00:00Z', '2025-01-20T00:00Z']],
    ['a fifth Friday', '0 0 * * 5#5', ['2025-01-31T00:00Z', '2025-05-30T00:00Z']],
    ['seconds in front', '*/20 * * * * *', ['2025-01-01T00:00:20Z', '2025-01-01T00:00:40Z']],
    ['@hourly', '@hourly', ['2025-01-01T01:00Z', '2025-01-01T02:00Z']],
    ['@daily', ' @Daily ', ['2025-01-02T00:00Z', '2025-01-03T00:00Z']],
    ['@weekly', '@weekly', ['2025-01-05T00:00Z', '2025-01-12T00:00Z']],
    ['@yearly', '@yearly', ['2026-01-01T00:00Z', '2027-01-01T00:00Z']],
    ['tabs and several blanks', '0\t0   1 * *', ['2025-02-01T00:00Z', '2025-03-01T00:00Z']],
  ])('takes %s', (_, line, expected) => {
    expect(due(cron(line), '2025-01-01T00:00Z', 2)).toEqual(expected);
  });

  it.each([
    ['61 0 * * *', 'minute: "61" is not understood'],
    ['0 24 * * *', 'hour: "24" is not understood'],
    ['0 0 0 * *', 'day of month: "0" is not understood'],
    ['0 0 * 13 *', 'month: "13" is not understood'],
    ['0 0 * * 8', 'day of week: "8" is not understood'],
    ['0 0 * * friday', 'day of week: "friday" is not understood'],
    ['5-1 * * * *', 'minute: "5-1" is not understood'],
    ['1,,2 * * * *', 'minute: "" is an empty part between commas'],
    ['H * * * *', 'minute: "H" is a random choice'],
    ['0 H(0-7) * * *', 'hour: "H(0-7)" is a random choice'],
    ['* * * *', '"* * * *" has 4 fields: cron wants 5'],
    ['0 0 0 1 1 * 2025', '"0 0 0 1 1 * 2025" has 7 fields: cron wants 5'],
    ['', '"" has 0 fields: cron wants 5'],
    ['@dayly', '"@dayly" is not known to cron; did you mean "@daily"?'],
    ['@reboot', '"@reboot" names no time'],
  ])('refuses %j', (line, message) => {
    expect(() => cron(line)).toThrow(ConfigError);
    expect(() => cron(line)).toThrow(message);
  });

  it('tells of every field that is wrong', () => {
    expect(() => cron('60 24 32 13 8')).toThrow(
      /^minute: .*\nhour: .*\nday of month: .*\nmonth: .*\nday of week: .*$/,
    );
  });

  it('refuses what is no text', () => {
    expect(() => cron(5 as unknown as string)).toThrow('5 is not a cron expression');
  });
});
