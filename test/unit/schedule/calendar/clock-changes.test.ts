import { describe, expect, test } from 'vitest';

import { cron } from '../../../../src/schedule/cron/cron.ts';
import { crontab } from '../../../../src/schedule/crontab.ts';
import { due } from '../walk.ts';

/** A title, a zone, a crontab line, an instant to start from, and what is due from there on (UTC). */
type Row = [string, string, string, string, string[]];

function holds(_: string, timezone: string, line: string, after: string, expected: string[]) {
  expect(due(cron(line, { timezone }), after, expected.length)).toEqual(expected);
}

describe('fixed times, when clocks go forward', () => {
  test.each<Row>([
    [
      '02:30 runs at 03:00 in New York, and the next day at 02:30 again',
      'America/New_York',
      '30 2 * * *',
      '2025-03-08T12:00Z',
      ['2025-03-09T07:00Z', '2025-03-10T06:30Z'],
    ],
    [
      '02:05, 02:30 and 03:00 are one run, not three',
      'America/New_York',
      '0,5,30 2,3 9 3 *',
      '2025-03-08T12:00Z',
      ['2025-03-09T07:00Z', '2025-03-09T07:05Z', '2025-03-09T07:30Z', '2026-03-09T06:00Z'],
    ],
    [
      '02:15 runs at 02:30 on Lord Howe Island, where only half an hour is missing',
      'Australia/Lord_Howe',
      '15 2 * * *',
      '2025-10-04T00:00Z',
      ['2025-10-04T15:30Z', '2025-10-05T15:15Z'],
    ],
    [
      'midnight runs at 01:00 in Santiago, where the day begins an hour late',
      'America/Santiago',
      '0 0 * * *',
      '2025-09-06T12:00Z',
      ['2025-09-07T04:00Z', '2025-09-08T03:00Z'],
    ],
    [
      '01:00, 02:00 and 03:00 are one run at Troll, where two hours are missing',
      'Antarctica/Troll',
      '0 1,2,3 30 3 *',
      '2025-03-30T00:00Z',
      ['2025-03-30T01:00Z', '2026-03-29T23:00Z'],
    ],
    [
      'a day that Samoa skipped is caught up by one run at the start of the next',
      'Pacific/Apia',
      '30 9 * * *',
      '2011-12-28T20:00Z',
      ['2011-12-29T19:30Z', '2011-12-30T10:00Z', '2011-12-30T19:30Z'],
    ],
  ])('%s', holds);
});

describe('fixed times, when clocks go back', () => {
  test.each<Row>([
    [
      '01:30 runs at the first 01:30 alone in New York',
      'America/New_York',
      '30 1 * * *',
      '2025-11-01T12:00Z',
      ['2025-11-02T05:30Z', '2025-11-03T06:30Z'],
    ],
    [
      'a question asked between the two passes does not bring 01:30 back',
      'America/New_York',
      '30 1 * * *',
      '2025-11-02T06:10Z',
      ['2025-11-03T06:30Z'],
    ],
    [
      'a question asked in the first pass is answered with what is left of it',
      'America/New_York',
      '10,50 1 * * *',
      '2025-11-02T05:30Z',
      ['2025-11-02T05:50Z', '2025-11-03T06:10Z'],
    ],
    [
      '01:45 runs once on Lord Howe Island, where half an hour comes twice',
      'Australia/Lord_Howe',
      '45 1 * * *',
      '2025-04-05T00:00Z',
      ['2025-04-05T14:45Z', '2025-04-06T15:15Z'],
    ],
    [
      '01:30 runs once in Dublin, whose standard time is the summer one',
      'Europe/Dublin',
      '30 1 * * *',
      '2025-10-25T12:00Z',
      ['2025-10-26T00:30Z', '2025-10-27T01:30Z'],
    ],
    [
      '23:30 runs once in Santiago, where the last hour of the day comes twice',
      'America/Santiago',
      '30 23 * * *',
      '2025-04-05T12:00Z',
      ['2025-04-06T02:30Z', '2025-04-07T03:30Z'],
    ],
    [
      'midnight runs once in St Johns as it was in 2006, when 00:01 became 23:01 of the day before',
      'America/St_Johns',
      '0 0 * * *',
      '2006-10-28T12:00Z',
      ['2006-10-29T02:30Z', '2006-10-30T03:30Z'],
    ],
  ])('%s', holds);
});

describe('clocks that go back at the start of a page of a zone (Baghdad, 1998)', () => {
  test('times of the first pass are not due again', () => {
    const schedule = cron('30 3 * * *', { timezone: 'Asia/Baghdad' });
    expect(due(schedule, '1998-09-30T12:00Z', 2)).toEqual(['1998-09-30T23:30Z', '1998-10-02T00:30Z']);
    expect(due(schedule, '1998-10-01T00:10Z', 1)).toEqual(['1998-10-02T00:30Z']);
  });
});

describe('elapsed time', () => {
  test.each<Row>([
    [
      'every 20 minutes stays every 20 minutes over the missing hour',
      'America/New_York',
      '*/20 * * * *',
      '2025-03-09T06:30Z',
      ['2025-03-09T06:40Z', '2025-03-09T07:00Z', '2025-03-09T07:20Z'],
    ],
    [
      'every 20 minutes stays every 20 minutes over the repeated hour',
      'America/New_York',
      '*/20 * * * *',
      '2025-11-02T05:30Z',
      ['2025-11-02T05:40Z', '2025-11-02T06:00Z', '2025-11-02T06:20Z', '2025-11-02T06:40Z'],
    ],
    [
      'a full hour from 1 to 2 comes twice when it is shown twice',
      'America/New_York',
      '0 1-2 * * *',
      '2025-11-02T04:00Z',
      ['2025-11-02T05:00Z', '2025-11-02T06:00Z', '2025-11-02T07:00Z', '2025-11-03T06:00Z'],
    ],
    [
      'what would fall into the gap is left out',
      'America/New_York',
      '*/30 2 * * *',
      '2025-03-08T12:00Z',
      ['2025-03-10T06:00Z'],
    ],
    [
      'every hour at 15 past is 90 minutes apart where half an hour and a 15 past are missing',
      'Australia/Lord_Howe',
      '15 * * * *',
      '2025-10-04T14:00Z',
      ['2025-10-04T14:45Z', '2025-10-04T16:15Z'],
    ],
    [
      'at Troll both passes of both repeated hours count',
      'Antarctica/Troll',
      '0 */1 * * *',
      '2025-10-25T23:30Z',
      ['2025-10-26T00:00Z', '2025-10-26T01:00Z', '2025-10-26T02:00Z', '2025-10-26T03:00Z'],
    ],
    [
      'a day that Samoa left out has no hours',
      'Pacific/Apia',
      '0 */12 * * *',
      '2011-12-29T22:00Z',
      ['2011-12-30T10:00Z', '2011-12-30T22:00Z'],
    ],
  ])('%s', holds);

  test('applies to a star, a range or a step, but not to a list of all values', () => {
    const after = '2025-11-02T05:10Z';
    const [timezone, hour] = ['America/New_York', 1];
    const list = crontab({ minute: [0, 30], hour }, { timezone });
    const step = crontab({ minute: '*/30', hour }, { timezone });
    expect(due(list, after, 2)).toEqual(['2025-11-02T05:30Z', '2025-11-03T06:00Z']);
    expect(due(step, after, 2)).toEqual(['2025-11-02T05:30Z', '2025-11-02T06:00Z']);
  });

  test('does not depend on the seconds field', () => {
    const schedule = cron('*/30 30 1 * * *', { timezone: 'America/New_York' });
    expect(due(schedule, '2025-11-02T05:00Z', 3)).toEqual([
      '2025-11-02T05:30Z',
      '2025-11-02T05:30:30Z',
      '2025-11-03T06:30Z',
    ]);
  });
});

describe('the calendar', () => {
  test.each<Row>([
    ['the year ends', 'UTC', '59 23 31 12 *', '2024-12-31T23:59Z', ['2025-12-31T23:59Z']],
    ['29 February waits for a leap year', 'UTC', '0 0 29 2 *', '2025-01-01T00:00Z', ['2028-02-29T00:00Z']],
    ['2100 is none', 'UTC', '0 0 29 2 *', '2096-03-01T00:00Z', ['2104-02-29T00:00Z']],
    ['2000 was one', 'UTC', '0 0 29 2 *', '1999-01-01T00:00Z', ['2000-02-29T00:00Z']],
    ['the 31st skips short months', 'UTC', '0 0 31 * *', '2025-01-31T00:00Z', ['2025-03-31T00:00Z']],
    ['a local day is not a UTC day', 'Pacific/Kiritimati', '0 1 1 1 *', '2025-06-01T00:00Z', ['2025-12-31T11:00Z']],
    ['before 1970 counts, too', 'Europe/Oslo', '0 12 * * 0', '1969-12-30T00:00Z', ['1970-01-04T11:00Z']],
    [
      'an answer is strictly later than the question, to the millisecond',
      'UTC',
      '0 12 * * *',
      '2025-01-01T11:59:59.999Z',
      ['2025-01-01T12:00Z', '2025-01-02T12:00Z'],
    ],
  ])('%s', holds);

  test('finds Monday, 29 February, across a century without a leap year', () => {
    const schedule = crontab({ minute: 0, hour: 0, dayOfMonth: 29, monthOfYear: 2, dayOfWeek: 1 });
    expect(due(schedule, '2072-03-01T00:00Z', 2)).toEqual(['2112-02-29T00:00Z', '2140-02-29T00:00Z']);
  });

  test('finds the next Sunday, 29 February, after one that is in a gap', () => {
    // In 1948 Italy put its clocks forward on that day.
    const date = { dayOfMonth: 29, monthOfYear: 2, dayOfWeek: 0 };
    const elapsed = crontab({ minute: '*/30', hour: 2, ...date }, { timezone: 'Europe/Rome' });
    expect(due(elapsed, '1921-01-01T00:00Z', 1)).toEqual(['1976-02-29T01:00Z']);
  });

  test('finds Monday, 29 February, in elapsed time across a century', () => {
    const date = { dayOfMonth: 29, monthOfYear: 2, dayOfWeek: 1 };
    const elapsed = crontab({ minute: '*/30', hour: 2, ...date }, { timezone: 'Europe/Rome' });
    expect(due(elapsed, '2072-03-01T00:00Z', 1)).toEqual(['2112-02-29T01:00Z']);
  });
});
