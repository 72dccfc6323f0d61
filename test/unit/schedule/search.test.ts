import { describe, expect, test } from 'vitest';

import { Calendar, type CalendarFields } from '../../../src/schedule/calendar/calendar.ts';
import { nextElapsed } from '../../../src/schedule/calendar/clock-changes.ts';
import { offsetReader, Zone } from '../../../src/schedule/zone/zone.ts';

const all = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const EVERY_MINUTE: CalendarFields = {
  seconds: [0],
  minutes: all(0, 59),
  hours: all(0, 23),
  daysOfMonth: all(1, 31),
  months: all(1, 12),
  daysOfWeek: all(0, 6),
  movableDays: [],
  lastWeekdays: [],
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
const IN_THE_GAP = {
  hours: [2],
  months: [3],
  daysOfWeek: [],
  nthWeekdays: [{ weekday: 0, nth: 2 }],
};

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
    const fields = {
      hours: [0],
      months: [9],
      daysOfWeek: [],
      nthWeekdays: [{ weekday: 0, nth: 1 }],
    };
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
