import { describe, expect, test } from 'vitest';
import { Calendar, type CalendarFields } from '../../../src/schedule/calendar/calendar.ts';
import { nextElapsed } from '../../../src/schedule/calendar/clock-changes.ts';
import { cron } from '../../../src/schedule/cron/cron.ts';
import { latestByNext } from '../../../src/schedule/next-after.ts';
import { latestFrom, stretch } from '../../../src/schedule/range.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { timedelta } from '../../../src/schedule/timedelta.ts';
import { offsetReader, Zone } from '../../../src/schedule/zone/zone.ts';
import { runAtOnce } from '../../../src/util/steps.ts';

const all = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const EVERY_MINUTE: CalendarFields = {
  seconds: [0],
  minutes: all(0, 59),
  hours: all(0, 23),
  daysOfMonth: all(1, 31),
  months: all(1, 12),
  daysOfWeek: all(0, 6),
  movableDays: [],
  nthWeekdays: [],
  union: false,
};

/** The next instant from 2026 on, and how often the tz database was asked for it. */
function search(fields: Partial<CalendarFields>, timezone: string) {
  let questions = 0;
  const offsetAt = offsetReader(timezone);
  const zone = new Zone(timezone, (instant) => {
    questions += 1;
    return offsetAt(instant);
  });
  const next = nextElapsed(new Calendar({ ...EVERY_MINUTE, ...fields }), zone, Date.UTC(2026, 0));
  return { next: next === null ? null : new Date(next).toISOString(), questions };
}

/** Two in the morning of the Sunday on which New York changes its clocks. */
const IN_THE_GAP = { hours: [2], months: [3], daysOfWeek: [], nthWeekdays: [{ weekday: 0, nth: 2 }] };

describe('a search for the next occurrence', () => {
  test.each([
    ['every quarter of an hour', { minutes: [0, 15, 30, 45] }],
    ['every minute', {}],
    ['every second', { seconds: all(0, 59) }],
    ['in certain years', { years: all(2027, 2199) }],
  ])('reads few offsets if the time is always in a gap: %s', (_, fields) => {
    const { next, questions } = search({ ...IN_THE_GAP, ...fields }, 'America/New_York');
    expect(next).toBeNull();
    expect(questions).toBeLessThan(3_000);
  });

  test('finds the year in which the date is not in the gap', () => {
    // Chile changes its clocks on the Sunday from 2 to 8 September: not always the first one.
    const fields = { hours: [0], months: [9], daysOfWeek: [], nthWeekdays: [{ weekday: 0, nth: 1 }] };
    expect(search(fields, 'America/Santiago').next).toBe('2030-09-01T04:00:00.000Z');
  });

  test('searches beyond 2100 if the expression names only later years', () => {
    const fields = { ...IN_THE_GAP, nthWeekdays: [{ weekday: 0, nth: 3 }], years: [2101, 2199] };
    expect(search(fields, 'America/New_York').next).toBe('2101-03-20T06:00:00.000Z');
    // 10 March is a Sunday, and in the gap, in 2109 and not in 2198.
    const later = { hours: [2], months: [3], daysOfMonth: [10], years: [2109, 2198] };
    expect(search(later, 'America/New_York').next).toBe('2198-03-10T07:00:00.000Z');
  });
});

/** Due at every multiple, and the number of questions it was asked. */
function multiples(of: number) {
  const asked = { times: 0 };
  const next = (after: number) => {
    asked.times++;
    return (Math.floor(after / of) + 1) * of;
  };
  return { next, asked };
}

describe('latestByNext', () => {
  test.each([
    [1, 0, 100, 100],
    [7, 0, 100, 98],
    [7, 91, 100, 98],
    [7, 98, 100, null],
    [7, 0, 98, 98],
    [7, 0, 7, 7],
    [7, 0, 6, null],
    [86_400_000, 0, 1e12, 999_993_600_000],
  ])('every %i, after %i until %i, is %o', (of, after, until, expected) => {
    expect(latestByNext(multiples(of).next, after, until)).toBe(expected);
  });

  test('finds the last occurrence before a long gap', () => {
    const next = (after: number) => (after < 5_000 ? Math.floor(after) + 1 : null);
    expect(latestByNext(next, 0, 1e12)).toBe(5_000);
  });

  test('returns null without an occurrence', () => {
    expect(latestByNext(() => null, 0, 1e12)).toBeNull();
    expect(latestByNext(multiples(1).next, 10, 5)).toBeNull();
  });

  test('calls next only a few times for any number of occurrences', () => {
    const { next, asked } = multiples(1_000);
    latestByNext(next, 0, 1e12 + 7);
    expect(asked.times).toBeLessThan(30);
  });
});

const NOON = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;

/** Counts the calls of `next`. */
function counting(schedule: Schedule) {
  const calls = { next: 0 };
  const next = (after: Date) => {
    calls.next += 1;
    return schedule.next(after);
  };
  return { calls, next, spec: schedule.spec };
}

test('a stretch counts the occurrences of an interval without visiting them', () => {
  const schedule = timedelta({ minutes: 1 });
  const { calls, next } = counting(schedule);
  const counted: Schedule = { spec: '', every: schedule.every!, latest: schedule.latest!.bind(schedule), next };
  const end = NOON + 10_000 * MINUTE;
  expect(runAtOnce(stretch(counted, NOON, end), () => true)).toMatchObject({ count: 10_000 });
  expect(runAtOnce(stretch(counted, NOON, end + 1))).toMatchObject({ count: null });
  expect(calls.next).toBe(2);
});

test('a stretch stops counting when the time is used up, unless it has only a few occurrences', () => {
  const schedule = cron('* * * * *');
  const count = (minutes: number, isOver: () => boolean) =>
    runAtOnce(stretch(schedule, NOON, NOON + minutes * MINUTE), isOver).count;
  expect(count(16, () => true)).toBe(16);
  expect(count(17, () => true)).toBeNull();
  expect(count(10_000, () => false)).toBe(10_000);
  expect(count(10_001, () => false)).toBeNull();
  let asked = 0;
  expect(count(1_000, () => ++asked === 10)).toBeNull();
  expect(asked).toBe(10);
});

test('the newest occurrence of a schedule that cannot skip ahead is found in few steps after a long time', () => {
  const { calls, ...schedule } = counting(cron('* * * * * *'));
  const until = NOON + 365 * 24 * 60 * MINUTE + 500;
  expect(latestFrom(schedule, NOON, until)).toBe(until - 500);
  expect(calls.next).toBeLessThan(10_200);
});
