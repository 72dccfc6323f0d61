import { describe, expect, test } from 'vitest';

import { at } from '../../../../src/schedule/at.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { crontab } from '../../../../src/schedule/crontab.ts';
import { isNeverDue } from '../../../../src/schedule/next-after.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';

describe('equal schedules', () => {
  const timezone = 'Europe/Oslo';

  test('share one object, also with different spellings', () => {
    expect(crontab({ minute: '*/5' })).toBe(crontab({ minute: '*/5' }));
    expect(crontab({ minute: '0,30' })).toBe(crontab({ minute: [30, 0] }));
    expect(crontab({ minute: 0, hour: 4, dayOfWeek: 'fri' })).toBe(cron('0 4 * * 5'));
    expect(crontab({ minute: 0 }, { timezone: 'europe/oslo' })).toBe(cron('@hourly', { timezone }));
  });

  test('differ if they behave differently at clock changes', () => {
    expect(crontab({ minute: '*/30', hour: 1 }).spec).not.toBe(crontab({ minute: '0,30', hour: 1 }).spec);
  });

  test.each([
    ['zone', cron('0 4 * * *', { timezone }), cron('0 4 * * *')],
    ['union of days', cron('0 4 13 * 5'), crontab({ minute: 0, hour: 4, dayOfMonth: 13, dayOfWeek: 5 })],
    ['second', cron('1 0 4 * * *'), cron('0 4 * * *')],
    ['last weekday', cron('0 4 * * 5L'), cron('0 4 * * 5')],
    ['weekday of the month', cron('0 4 * * 5#1'), cron('0 4 * * 5#2')],
  ])('differ in the %s', (_, one, other) => {
    expect(one.spec).not.toBe(other.spec);
  });

  test('return a new Date to each caller', () => {
    const schedule = cron('0 4 * * *');
    const after = new Date('2025-01-01T00:00Z');
    schedule.next(after)!.setFullYear(1999);
    expect(schedule.next(after)).toEqual(new Date('2025-01-01T04:00Z'));
  });
});

describe('a schedule without a zone', () => {
  test('uses UTC until inZone is called', () => {
    const floating = cron('0 4 * * *');
    expect(floating.timezone).toBe('UTC');
    expect(floating.inZone!('Asia/Tokyo')).toBe(cron('0 4 * * *', { timezone: 'Asia/Tokyo' }));
  });

  test('has the same spec as a schedule in UTC, whose zone inZone does not change', () => {
    const utc = cron('0 4 * * *', { timezone: 'UTC' });
    expect(utc.spec).toBe(cron('0 4 * * *').spec);
    expect(utc.inZone!('Asia/Tokyo')).toBe(utc);
  });
});

describe('isNeverDue', () => {
  test.each([
    ['30 February', crontab({ dayOfMonth: 30, monthOfYear: 2 })],
    ['31 April or June', cron('0 0 31 4,6 *')],
    ['a sixth month of 31 days', cron('0 0 31 2,4,6,9,11 *')],
    ['the weekday nearest 30 February', cron('0 0 30W 2 *')],
    ['29 days before the end of February', cron('0 0 L-29 2 *')],
    ['29 February in years that are no leap years', cron('0 0 0 29 2 * 2027,2029-2031,2100')],
    ['years that are over', cron('0 0 0 1 1 * 1970-2025')],
    ['a date that always falls into the gap', cron('0-30 2 * 3 0#2', { timezone: 'America/New_York' })],
    ['a moment long ago', at('1999-12-31T23:59Z')],
  ])('is true for %s', (_, schedule) => {
    expect(isNeverDue(schedule)).toBe(true);
  });

  test.each([
    ['29 February on a Monday', crontab({ dayOfMonth: 29, monthOfYear: 2, dayOfWeek: 1 })],
    ['fixed times in that gap', cron('0,30 2 * 3 0#2', { timezone: 'America/New_York' })],
    ['a moment to come', at('2999-12-31T23:59Z')],
    ['an interval', timedelta({ days: 10_000 })],
  ])('is false for %s', (_, schedule) => {
    expect(isNeverDue(schedule)).toBe(false);
  });

  test('next is null after the last instant of Date', () => {
    const end = new Date(8.64e15);
    const zones = ['UTC', 'Asia/Tokyo', 'America/New_York'];
    for (const timezone of zones) expect(cron('* * * * *', { timezone }).next(end)).toBeNull();
    expect(timedelta({ seconds: 1 }).next(end)).toBeNull();
  });
});

describe('an invalid Date as argument', () => {
  test.each([crontab(), timedelta({ days: 1 }), timedelta({ days: 1 }, { relative: true }), at('2026-01-01')])(
    'throws a TypeError: %o',
    (schedule) => {
      const invalid = new Date(NaN);
      expect(() => schedule.next(invalid)).toThrow(new TypeError('after is an invalid Date'));
      expect(() => schedule.latest!(new Date(0), invalid)).toThrow('until is an invalid Date');
    },
  );
});

describe('description', () => {
  test.each([
    [crontab(), 'every minute'],
    [crontab({ minute: '*/15' }), 'every 15 minutes'],
    [crontab({ minute: 0, hour: 4, dayOfWeek: 'fri' }), 'at 04:00, only on Friday'],
    [
      crontab({ minute: 0, hour: 4, dayOfMonth: 13, dayOfWeek: 'fri' }),
      'at 04:00, on day 13 of the month, only on Friday',
    ],
    [cron('0 4 13 * 5'), 'at 04:00, on day 13 of the month, and on Friday'],
    [cron('0 9 * * 1#1,1#3'), 'at 09:00, on the first Monday and third Monday of the month'],
    [cron('0 9 L * *'), 'at 09:00, on the last day of the month'],
    [cron('0 9 15,L * *'), 'at 09:00, on day 15 and the last day of the month'],
    [cron('0 9 LW * *'), 'at 09:00, on the last weekday of the month'],
    [cron('0 9 15W * *'), 'at 09:00, on the weekday nearest day 15 of the month'],
    [cron('0 9 1,15W,LW * *'), 'at 09:00, on day 1, the weekday nearest day 15 and the last weekday of the month'],
    [cron('0 9 L-1,L-3 * *'), 'at 09:00, on the 1st day before the last and the 3rd day before the last of the month'],
    [cron('0 9 L-22W * *'), 'at 09:00, on the weekday nearest the 22nd day before the last of the month'],
    [
      cron('0 0 9 15W 6 5 2027'),
      'at 09:00, only in June, only in 2027, on the weekday nearest day 15 of the month, and on Friday',
    ],
    [cron('0 9 15W * mon-fri'), 'at 09:00, on the weekday nearest day 15 of the month, and Monday through Friday'],
    [
      cron('0 9 15W * 5#1'),
      'at 09:00, on the weekday nearest day 15 of the month, and on the first Friday of the month',
    ],
    [
      cron('0 9 */30,15W * mon'),
      'at 09:00, on day 1, day 31 and the weekday nearest day 15 of the month, only on Monday',
    ],
    [cron('0 9 * * mon-tue#1'), 'at 09:00, on the first Monday and first Tuesday of the month'],
    [cron('0 9 * * thu-friL'), 'at 09:00, on the last Thursday and Friday of the month'],
    [cron('0 0 9 1 1 ? 2027,2029'), 'at 09:00, on day 1 of the month, only in January, only in 2027 and 2029'],
    [cron('0 0 9 * * ? 2027-2029'), 'at 09:00, 2027 through 2029'],
    [cron('@weekends'), 'at 00:00, only on Sunday and Saturday'],
    [cron('@secondly'), 'every second'],
    [cron('@every 90m'), 'every 1 hour 30 minutes'],
    [timedelta({ seconds: 30 }), 'every 30 seconds'],
    [timedelta({ minutes: 90 }), 'every 1 hour 30 minutes'],
    [timedelta({ days: 1 }), 'every day'],
    [timedelta({ days: 1 }, { relative: true }), 'every day, at midnight'],
    [timedelta({ milliseconds: 1_500 }), 'every 1 second 500 milliseconds'],
    [at('2026-03-29T02:30Z'), 'once, at 2026-03-29 02:30 UTC'],
    [at('2026-03-29T02:30', { timezone: 'Asia/Tokyo' }), 'once, at 2026-03-29 02:30 Asia/Tokyo'],
  ])('describes schedule %# in English', (schedule, description) => {
    expect(schedule.description).toBe(description);
  });
});
