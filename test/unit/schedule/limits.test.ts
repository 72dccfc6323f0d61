import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cron } from '../../../src/schedule/cron/cron.ts';
import { bounded, grid, jittered, selected } from '../../../src/schedule/limits/limits.ts';
import { cronTimes, dates, timesOfDay, union } from '../../../src/schedule/limits/time-sets.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { timedelta } from '../../../src/schedule/timedelta.ts';
import { getZone } from '../../../src/schedule/zone/zone.ts';
import { fields, instant, line, zone } from './arbitrary.ts';
import { due, walk } from './walk.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A schedule with fixed instants, of every kind that there is. */
const nominal: fc.Arbitrary<Schedule> = fc.oneof(
  fc.tuple(fields, zone).map(([texts, timezone]) => cron(line(texts), { timezone })),
  fc.tuple(fc.integer({ min: 1, max: 3 * DAY }), fc.nat(DAY)).map(([every, at]) => grid(every, at)),
  fc.constantFrom(cron('0 0 29 2 *'), timedelta({ days: 1 }, { relative: true, timezone: 'America/New_York' })),
);

const jitter = fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 1, max: 3 * DAY }));

const time = fc.integer({ min: 0, max: 24 * 60 - 1 }).map((minutes) => {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
});
const range = fc
  .tuple(time, time)
  .filter(([start, end]) => start !== end)
  .map(([start, end]) => ({ start, end, text: `${start}-${end}` }));

describe('a grid', () => {
  test.each([
    [HOUR, 300_000, 'every(3600000ms) offset 300000ms', 'every hour, offset 5 minutes'],
    [HOUR, 0, 'every(3600000ms) offset 0ms', 'every hour'],
    [2 * DAY, Date.UTC(2026, 0, 1, 9), 'every(172800000ms) offset 32400000ms', undefined],
    [DAY, HOUR, 'every(86400000ms) offset 3600000ms', 'every day, offset 1 hour'],
    [1_500, -1, 'every(1500ms) offset 1499ms', undefined],
  ])('every %i ms from %i has the spec %s', (every, start, spec, description) => {
    const schedule = grid(every, start);
    expect(schedule.spec).toBe(spec);
    if (description !== undefined) expect(schedule.description).toBe(description);
  });

  test('is due at the same instants from any earlier instant', () => {
    const schedule = grid(HOUR, 5 * 60_000);
    const expected = ['2026-11-01T00:05Z', '2026-11-01T01:05Z', '2026-11-01T02:05Z'];
    expect(due(schedule, '2026-11-01T00:00:00Z', 3)).toEqual(expected);
    expect(due(schedule, '2026-11-01T00:04:59.999Z', 3)).toEqual(expected);
    expect(due(schedule, '2026-10-31T23:05:00Z', 3)).toEqual(expected);
  });

  test('next and latest agree with a search by remainder', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: -500, max: 500 }),
        fc.integer({ min: -500, max: 500 }),
        fc.nat(300),
        (every, start, after, length) => {
          const schedule = grid(every, start);
          const all: number[] = [];
          for (let at = after + 1; at <= after + length + every; at++) {
            if ((at - start) % every === 0) all.push(at);
          }
          const until = after + length;
          expect(schedule.next(new Date(after))?.getTime()).toBe(all[0]);
          expect(schedule.latest?.(new Date(after), new Date(until))?.getTime()).toBe(
            all.findLast((at) => at <= until),
          );
        },
      ),
    );
  });
});

describe('jitter', () => {
  test('delays each occurrence by the hash of the name and the instant: these instants never change', () => {
    const schedule = jittered(cron('0 4 * * *'), 30_000, 'report');
    expect(schedule.spec).toBe('cron(0 4 * * *) fixed UTC jitter(30000ms "report")');
    expect(schedule.description).toBe('at 04:00, up to 30 seconds later');
    expect(walk(schedule, new Date('2026-11-01T00:00:00Z'), 4).map((at) => at.toISOString())).toMatchInlineSnapshot(`
      [
        "2026-11-01T04:00:11.346Z",
        "2026-11-02T04:00:15.639Z",
        "2026-11-03T04:00:07.850Z",
        "2026-11-04T04:00:02.265Z",
      ]
    `);
  });

  test('entries of different names have different delays, spread over the whole duration', () => {
    const after = new Date('2026-11-01T00:00:00Z');
    const delays = Array.from({ length: 1_000 }, (_, i) => {
      const next = jittered(cron('0 4 * * *'), 60_000, `entry ${i}`).next(after)!;
      return next.getTime() - Date.parse('2026-11-01T04:00:00Z');
    });
    const tenths = Array.from({ length: 10 }, (_, tenth) =>
      delays.filter((delay) => Math.floor(delay / 6_000) === tenth),
    );
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(60_000);
    for (const { length } of tenths) expect(length).toBeGreaterThan(60);
  });

  test('every nominal instant has one delayed instant before the next nominal instant, from any start', () => {
    fc.assert(
      fc.property(
        nominal,
        jitter,
        instant(2020, 2040),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (schedule, most, start, share) => {
          const delayed = jittered(schedule, most, 'e');
          const instants = walk(schedule, start, 9);
          // The delays of the first are found when nothing before them is asked for.
          const all = instants.map((at) => delayed.next(new Date(at.getTime() - 1))!.getTime());
          for (const [i, at] of instants.entries()) {
            const before = all.find((one) => one >= at.getTime())!;
            expect(before - at.getTime()).toBeLessThan(most);
            const following = instants[i + 1];
            if (following) expect(before).toBeLessThan(following.getTime());
          }
          const due = walk(delayed, start, 8).map(Number);
          expect(due).toEqual([...new Set(due)].toSorted((a, b) => a - b));
          if (due.length < 2) return;
          // From any instant between, and by latest, the answers are the same.
          const middle = Math.floor(due[0]! + share * (due.at(-1)! - due[0]!));
          expect(delayed.next(new Date(middle - 1))?.getTime()).toBe(due.find((at) => at >= middle));
          expect(delayed.latest?.(start, new Date(middle))?.getTime()).toBe(due.findLast((at) => at <= middle));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('times of day', () => {
  test.each([
    [['09:00-17:00'], 'times(09:00-17:00)', '09:00-17:00'],
    [['9:00 - 17:00:30', '22:00-06:00'], 'times(09:00-17:00:30 22:00-06:00)', undefined],
    [['22:00-24:00'], 'times(22:00-24:00)', '22:00-24:00'],
  ])('%j have the spec %s', (texts, spec, description) => {
    const set = timesOfDay(texts);
    expect(set.spec).toBe(spec);
    if (description !== undefined) expect(set.description).toBe(description);
  });

  test('select the occurrences whose local time is in a range, the end excluded', () => {
    fc.assert(
      fc.property(
        nominal,
        zone,
        fc.array(range, { minLength: 1, maxLength: 3 }),
        instant(2020, 2040),
        (schedule, timezone, ranges, start) => {
          const set = timesOfDay(ranges.map(({ text }) => text));
          const format = new Intl.DateTimeFormat('en-GB', {
            timeZone: timezone,
            hour: '2-digit',
            minute: '2-digit',
            second: '2-digit',
            hourCycle: 'h23',
          });
          const isInside = (at: Date) => {
            const text = format.format(at);
            return ranges.some(({ start: from, end }) =>
              from < end ? text >= from && text < end : text >= from || text < end,
            );
          };
          const all = walk(schedule, start, 60);
          const expected = all.filter(isInside);
          const chosen = selected(schedule, { only: [set], exclude: [] }, timezone);
          expect(walk(chosen, start, expected.length)).toEqual(expected);
          const end = all.at(-1);
          if (end) expect(chosen.latest?.(start, end)).toEqual(expected.at(-1) ?? null);
          const outside = selected(schedule, { only: [], exclude: [set] }, timezone);
          const others = all.filter((at) => !isInside(at));
          expect(walk(outside, start, others.length)).toEqual(others);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('bounds', () => {
  test('select the occurrences from the first to the last instant, both included', () => {
    fc.assert(
      fc.property(
        nominal,
        instant(2020, 2040),
        fc.nat(10),
        fc.nat(10),
        fc.nat(15),
        (schedule, start, skip, length, count) => {
          const all = walk(schedule, start, 40);
          if (all.length < 40) return;
          const [from, until] = [all[skip]!, all[skip + length]!];
          const expected = all.slice(skip, skip + Math.min(length + 1, count + 1));
          const limits = { from: from.getTime(), until: until.getTime(), count: count + 1 };
          const limited = bounded(schedule, limits, 'UTC');
          expect(walk(limited, start, 40)).toEqual(expected);
          expect(limited.latest?.(start, all[39]!)).toEqual(expected.at(-1));
          expect(limited.next(expected.at(-1)!)).toBeNull();
        },
      ),
      { numRuns: 200 },
    );
  });

  test('are a part of the spec and of the description, in the zone of the entry', () => {
    const limits = { from: Date.UTC(2027, 0, 1), until: Date.UTC(2027, 6, 1), count: 3 };
    const schedule = bounded(cron('0 4 * * *'), limits, 'Europe/Oslo');
    expect(schedule.spec).toBe(
      'cron(0 4 * * *) fixed UTC from(2027-01-01T00:00:00.000Z) until(2027-07-01T00:00:00.000Z) count(3)',
    );
    expect(schedule.description).toBe('at 04:00, from 2027-01-01 01:00, until 2027-07-01 02:00, 3 times');
  });
});

test('a search among occurrences that are all excluded ends without a result', () => {
  const never = [timesOfDay(['09:00-10:00']), timesOfDay(['10:00-11:00'])];
  const chosen = selected(cron('* * * * * *'), { only: never, exclude: [] }, 'Europe/Oslo');
  expect(chosen.next(new Date(0))).toBeNull();
});

describe('a stretch of a set of times', () => {
  const set = fc.oneof(
    fields.map((texts) => cronTimes(line(texts))),
    fields.map(({ dayOfMonth, dayOfWeek }) => cronTimes(`* * ${dayOfMonth} * ${dayOfWeek}`)),
    fc.array(range, { minLength: 1, maxLength: 3 }).map((ranges) => timesOfDay(ranges.map(({ text }) => text))),
    fc.constantFrom(dates(['2026-03-28/2026-03-30', '10-25']), dates(['12-30/01-02', '2028-02-29'])),
    fc.constant(union([dates(['2026-10-25']), cronTimes('* 2-3 * * sun'), timesOfDay(['23:00-01:00'])], 'some')),
  );

  test('has the same answer from its start to its end', () => {
    fc.assert(
      fc.property(
        set,
        zone,
        instant(2025, 2029),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (times, name, at, share) => {
          const place = getZone(name);
          const { inside, end } = times.stretchAt(at.getTime(), place);
          expect(end).toBeGreaterThan(at.getTime());
          const length = Math.min(end, at.getTime() + 30 * DAY) - at.getTime();
          for (const part of [share, share / 10, share / 100]) {
            const within = times.stretchAt(at.getTime() + Math.floor(length * part), place);
            expect(within.inside).toBe(inside);
          }
          expect(times.stretchAt(at.getTime() + length - 1, place).inside).toBe(inside);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of a cron expression contains the minutes at which a schedule of elapsed time is due', () => {
    fc.assert(
      fc.property(fields, zone, instant(2025, 2029), (texts, timezone, at) => {
        // The range in the hours makes it follow elapsed time.
        const hour = texts.hour === '*' || /[-/]/.test(texts.hour) ? texts.hour : `${texts.hour},0-0`;
        const text = line({ ...texts, hour });
        const minute = Math.floor(at.getTime() / 60_000) * 60_000;
        const schedule = cron(text, { timezone });
        const isDue = schedule.next(new Date(minute - 1))?.getTime() === minute;
        const { inside } = cronTimes(text).stretchAt(minute, getZone(timezone));
        if (schedule.spec.includes(' elapsed ')) expect(inside).toBe(isDue);
      }),
      { numRuns: 500 },
    );
  });
});
