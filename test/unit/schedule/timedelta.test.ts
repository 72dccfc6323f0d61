import { describe, expect, test } from 'vitest';

import { ConfigError } from '../../../src/util/errors.ts';
import { timedelta, type TimedeltaParts } from '../../../src/schedule/timedelta.ts';
import { due } from './walk.ts';

describe('timedelta', () => {
  test('counts from the previous occurrence without drift', () => {
    expect(due(timedelta({ minutes: 90 }), '2025-01-01T10:20:30Z', 2)).toEqual([
      '2025-01-01T11:50:30Z',
      '2025-01-01T13:20:30Z',
    ]);
  });

  test('adds its parts as Python does, rounded to milliseconds', () => {
    const parts = { weeks: 1, days: 1, hours: -24, minutes: 0.5, milliseconds: 2, microseconds: 600 };
    expect(timedelta(parts).spec).toBe(timedelta({ milliseconds: 7 * 86_400_000 + 30_003 }).spec);
  });

  test('accepts fractions of a unit', () => {
    expect(timedelta({ seconds: 0.5 }).spec).toBe(timedelta({ milliseconds: 500 }).spec);
  });

  test('counts elapsed time: a day has 24 hours across a clock change', () => {
    const daily = timedelta({ days: 1 }, { timezone: 'Europe/Oslo' });
    expect(due(daily, '2025-03-29T12:00Z', 1)).toEqual(['2025-03-30T12:00Z']);
  });

  test('latest: finds the newest occurrence after years of downtime', () => {
    const [after, until] = [new Date('2000-01-01T00:00:07Z'), new Date('2025-01-01T00:00Z')];
    const every = timedelta({ seconds: 30 });
    expect(every.latest!(after, until)).toEqual(new Date('2024-12-31T23:59:37Z'));
    expect(every.latest!(after, new Date('2000-01-01T00:00:36Z'))).toBeNull();
    expect(every.latest!(until, after)).toBeNull();
  });

  test.each([
    [{}, 'an interval of 0 seconds cannot be scheduled: the minimum is one millisecond'],
    [{ seconds: -5 }, 'an interval of -5 seconds cannot be scheduled'],
    [{ microseconds: 999 }, 'an interval of 0.000999 seconds cannot be scheduled'],
    [{ days: 1e12 }, 'it exceeds the range of dates'],
    [{ seconds: NaN }, 'seconds: NaN is not a number'],
    [{ seconds: Infinity }, 'seconds: Infinity is not a number'],
    [{ seconds: '5' }, 'seconds: "5" is not a number'],
    [{ minute: 5 }, 'minute: unknown unit; did you mean "minutes"?'],
    [{ toString: 5 }, 'toString: unknown unit; allowed: weeks, days'],
  ])('rejects %j', (parts, message) => {
    expect(() => timedelta(parts as TimedeltaParts)).toThrow(ConfigError);
    expect(() => timedelta(parts as TimedeltaParts)).toThrow(message);
  });
});

describe('timedelta, relative', () => {
  const relative = (parts: TimedeltaParts, timezone?: string) => timedelta(parts, { relative: true, timezone });

  test.each<[string, TimedeltaParts, string[]]>([
    ['days at midnight', { days: 1 }, ['2025-01-02T00:00Z', '2025-01-03T00:00Z']],
    ['weeks at midnight', { weeks: 1 }, ['2025-01-08T00:00Z', '2025-01-15T00:00Z']],
    ['hours on the hour', { hours: 2 }, ['2025-01-01T12:00Z', '2025-01-01T14:00Z']],
    ['25 hours on the hour', { hours: 25 }, ['2025-01-02T11:00Z', '2025-01-03T12:00Z']],
    ['90 minutes on the minute', { minutes: 90 }, ['2025-01-01T11:50Z', '2025-01-01T13:20Z']],
    ['90 seconds on the second', { seconds: 90 }, ['2025-01-01T10:22Z', '2025-01-01T10:23:30Z']],
  ])('is due %s', (_, parts, expected) => {
    expect(due(relative(parts), '2025-01-01T10:20:30.400Z', 2)).toEqual(expected);
  });

  test.each([
    ['Europe/Oslo', '2025-03-29T12:00Z', ['2025-03-29T23:00Z', '2025-03-30T22:00Z']],
    ['Europe/Oslo', '2025-10-25T12:00Z', ['2025-10-25T22:00Z', '2025-10-26T23:00Z']],
    ['America/Santiago', '2025-09-06T12:00Z', ['2025-09-07T04:00Z', '2025-09-08T03:00Z']],
    ['America/Havana', '2025-11-01T12:00Z', ['2025-11-02T04:00Z', '2025-11-03T05:00Z']],
    ['America/St_Johns', '2006-10-28T12:00Z', ['2006-10-29T02:30Z', '2006-10-30T03:30Z']],
    ['Pacific/Apia', '2011-12-28T12:00Z', ['2011-12-29T10:00Z', '2011-12-30T10:00Z']],
  ])('steps from date to date in %s after %s', (timezone, after, expected) => {
    expect(due(relative({ days: 1 }, timezone), after, 2)).toEqual(expected);
  });

  test('is due once at a midnight that occurs twice', () => {
    const daily = relative({ days: 1 }, 'America/St_Johns');
    expect(due(daily, '2006-10-29T02:45Z', 1)).toEqual(['2006-10-30T03:30Z']);
  });

  test('is due on the hour after a clock change of half an hour', () => {
    const hourly = relative({ hours: 1 }, 'Australia/Lord_Howe');
    const after = '2025-10-04T14:00Z';
    const expected = ['2025-10-04T14:30Z', '2025-10-04T15:30Z', '2025-10-04T16:00Z'];
    expect(due(hourly, after, 3)).toEqual(expected);
    const latest = hourly.latest!(new Date(after), new Date('2025-10-04T19:45Z'));
    expect(latest).toEqual(new Date('2025-10-04T19:00Z'));
  });

  test('inZone sets the zone unless the schedule has its own', () => {
    const daily = relative({ days: 1 });
    const tokyo = relative({ days: 1 }, 'Asia/Tokyo');
    expect(daily.inZone!('Asia/Tokyo').spec).toBe(tokyo.spec);
    expect(daily.inZone!('Asia/Tokyo').inZone!('Europe/Oslo').timezone).toBe('Asia/Tokyo');
  });

  test('is a plain interval if it has fractions of a second', () => {
    expect(relative({ milliseconds: 1_500 }).spec).toBe(timedelta({ milliseconds: 1_500 }).spec);
  });
});
