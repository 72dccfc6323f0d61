import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Astronomy from 'astronomy-engine';
import fc from 'fast-check';
import { instant } from './arbitrary.ts';
import { due, walk } from './walk.ts';
import { describe, expect, test, vi } from 'vitest';
import { isNeverDue } from '../../../src/schedule/next-after.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { solar, SOLAR_EVENTS, type SolarEvent } from '../../../src/schedule/solar.ts';
import { errorAt } from '../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../src/util/errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Case {
  solar: [SolarEvent, number, number];
  after: string;
  next: string | null;
}

function read(file: string): Case[] {
  const url = new URL(`../../conformance/${file}`, import.meta.url);
  const lines = readFileSync(url, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Case);
}

/** Milliseconds from the instant of a case until beat's answer. */
function wait({ solar: where, after }: Case): number {
  return (
    solar(...where)
      .next(new Date(after))!
      .getTime() - Date.parse(after)
  );
}

function millisApart(one: Case): number {
  return Math.abs(Date.parse(one.after) + wait(one) - Date.parse(one.next!));
}

describe('recorded answers', () => {
  const cases = read('solar.jsonl');

  test("match Celery's within two seconds", () => {
    const answered = cases.filter(({ next }) => next !== null);
    expect(answered).toHaveLength(363);
    expect(answered.filter((one) => millisApart(one) > 2_000)).toEqual([]);
  });

  test('are at least a day away where Celery reports no event', () => {
    const none = cases.filter(({ next }) => next === null);
    expect(none).toHaveLength(37);
    expect(none.filter((one) => wait(one) < DAY || wait(one) > 300 * DAY)).toEqual([]);
  });

  test("match Celery's within a minute, months ahead, in polar days and nights", () => {
    const polar = read('solar-polar.jsonl');
    expect(polar).toHaveLength(120);
    expect(polar.filter((one) => millisApart(one) > MINUTE)).toEqual([]);
    expect(polar.filter((one) => wait(one) > 60 * DAY).length).toBeGreaterThan(50);
  });
});

describe('solar', () => {
  test.each([
    ['sunrise', '2026-06-21T01:53:35Z'],
    ['solar_noon', '2026-06-21T11:19:04Z'],
    ['sunset', '2026-06-21T20:44:19Z'],
  ] as const)('in Oslo at midsummer: %s', (event, expected) => {
    const [first] = due(solar(event, 59.9, 10.7), '2026-06-21T00:00Z', 1);
    expect(Math.abs(Date.parse(first!) - Date.parse(expected))).toBeLessThan(MINUTE);
  });

  test('orders the events of a day', () => {
    const from = new Date('2026-03-01T00:00Z');
    const day = SOLAR_EVENTS.map((event) => solar(event, 45, 0).next(from)!.getTime());
    expect(day).toEqual(day.toSorted((a, b) => a - b));
    expect(new Set(day).size).toBe(9);
  });

  test('skips the polar night', () => {
    const [last, first] = walk(solar('sunrise', 78.2, 15.6), new Date('2026-10-25T12:00Z'), 2);
    expect([last, first].map((each) => each!.toISOString().slice(0, 10))).toEqual(['2026-10-26', '2027-02-16']);
  });

  test('is due once a year at a pole', () => {
    const years = (event: SolarEvent, latitude: number) =>
      walk(solar(event, latitude, 0), new Date('2026-01-01Z'), 3).map((each) => each.toISOString().slice(0, 7));
    expect(years('sunrise', 90)).toEqual(['2026-03', '2027-03', '2028-03']);
    expect(years('sunset', -90)).toEqual(['2026-03', '2027-03', '2028-03']);
    for (const event of SOLAR_EVENTS) expect(isNeverDue(solar(event, 90, 0))).toBe(false);
  });

  test('has no occurrence outside the range of the ephemeris', () => {
    const sunset = solar('sunset', 40, 20);
    expect(sunset.next(new Date('9999-06-01Z'))).toBeNull();
    expect(sunset.next(new Date(-8.64e15))?.getUTCFullYear()).toBe(1);
    const until = sunset.latest!(new Date('9998-01-01Z'), new Date(8.64e15));
    expect(until?.toISOString()).toMatch(/^9998-12-31T/);
  });

  test('shares one object per event and place', () => {
    const sunset = solar('sunset', 59.9, 10.7);
    expect(solar('sunset', 59.9, 10.7)).toBe(sunset);
    expect(solar('sunset', 59.9, 10.8)).not.toBe(sunset);
    expect(sunset.spec).toBe('solar(sunset 59.9 10.7)');
    expect(sunset).not.toHaveProperty('timezone');
    expect(solar('sunset', -0, 0).spec).toBe(solar('sunset', 0, 0).spec);
  });

  test('describes the event and the place', () => {
    expect(solar('dawn_civil', 59.9, 10.7).description).toBe('at civil dawn, 59.9°N 10.7°E');
    expect(solar('solar_noon', -33.9, -70.5).description).toBe('at solar noon, 33.9°S 70.5°W');
  });

  test('reports every invalid argument at once', () => {
    const wrong = () => solar('sun_set' as SolarEvent, 90.5, NaN);
    expect(wrong).toThrow(ConfigError);
    expect(errorsOf(wrong)).toEqual([
      errorAt(
        ['event'],
        '"sun_set" is not one of dawn_astronomical, dawn_nautical, dawn_civil, sunrise, solar_noon, ' +
          'sunset, dusk_civil, dusk_nautical, dusk_astronomical; did you mean "sunset"?',
      ),
      errorAt(['latitude'], '90.5 is not a number of degrees from -90 to 90'),
      errorAt(['longitude'], 'NaN is not a number of degrees from -180 to 180'),
    ]);
    expect(() => solar('sunset', '59.9' as never, 10.7)).toThrow('latitude');
    expect(() => solar('sunset', 0, -180.001)).toThrow('longitude');
    expect(() => solar(undefined as never, 0, 0)).toThrow('event: missing; expected one of');
    expect(() => solar('toString' as never, 0, 0)).toThrow('is not one of');
    expect(solar('sunset', -90, 180).next(new Date('2026-01-01Z'))).not.toBeNull();
  });
});

function errorsOf(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return (error as ConfigError).errors;
  }
}

const event = fc.constantFrom(...SOLAR_EVENTS);
const degrees = (most: number) => fc.integer({ min: -most * 100, max: most * 100 });
// The odd days lie within the polar circles.
const latitude = fc
  .oneof(
    degrees(90),
    degrees(25).map((near) => (near < 0 ? -9_000 - near : 9_000 - near)),
  )
  .map((hundredths) => hundredths / 100);
const longitude = degrees(180).map((hundredths) => hundredths / 100);

function walkUntil(schedule: Schedule, after: Date, until: Date): Date[] {
  const found: Date[] = [];
  for (let at = schedule.next(after); at && at <= until; at = schedule.next(at)) found.push(at);
  return found;
}

describe('solar at any place', () => {
  test('next is strictly later, and no event occurs twice', () => {
    fc.assert(
      fc.property(event, latitude, longitude, instant(1970, 2100), (name, lat, lon, after) => {
        const found = walk(solar(name, lat, lon), after, 5).map((each) => each.getTime());
        const gaps = found.map((each, i) => each - (found[i - 1] ?? after.getTime()));
        expect(gaps).toHaveLength(5);
        expect(gaps[0]).toBeGreaterThan(0);
        // Around the poles the sun may truly rise twice a day; elsewhere a day is nearly a day.
        const least = Math.abs(lat) > 85 ? 0 : 12 * HOUR;
        expect(Math.min(...gaps.slice(1))).toBeGreaterThan(least);
      }),
      { numRuns: 60 },
    );
  });

  test('next finds the same instant of an event from any start', () => {
    const back = fc.integer({ min: 1, max: 5 * 60 * 24 });
    fc.assert(
      fc.property(event, latitude, longitude, instant(2020, 2040), back, (...given) => {
        const [name, lat, lon, start, minutes] = given;
        const schedule = solar(name, lat, lon);
        const next = schedule.next(start)!;
        const earlier = new Date(start.getTime() - minutes * MINUTE);
        expect(walkUntil(schedule, earlier, next).at(-1)).toEqual(next);
        expect(schedule.next(new Date(next.getTime() - 1))).toEqual(next);
        expect(next.getTime() % 1_000).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('latest equals the last occurrence found with next', () => {
    const days = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(event, latitude, longitude, instant(2020, 2040), days, (...given) => {
        const [name, lat, lon, after, length] = given;
        const schedule = solar(name, lat, lon);
        const until = new Date(after.getTime() + length * DAY);
        const walked = walkUntil(schedule, after, until);
        expect(schedule.latest!(after, until)).toEqual(walked.at(-1) ?? null);
        const [first] = walked;
        if (first) expect(schedule.latest!(after, first)).toEqual(first);
      }),
      { numRuns: 20 },
    );
  });
});

/** On 20 March 2026 in Oslo, in UTC. */
const TIMES: Readonly<Record<SolarEvent, string>> = {
  dawn_astronomical: '02:54:20',
  dawn_nautical: '03:48:09',
  dawn_civil: '04:37:48',
  sunrise: '05:19:09',
  solar_noon: '11:24:39',
  sunset: '17:31:31',
  dusk_civil: '18:13:04',
  dusk_nautical: '19:03:02',
  dusk_astronomical: '19:57:25',
};

const OSLO = [59.9, 10.7] as const;

test.each(SOLAR_EVENTS)('solar %s: is found from a millisecond before it and from the day after it', (event) => {
  const due = new Date(`2026-03-20T${TIMES[event]}Z`);
  const eve = new Date('2026-03-19T23:00Z');
  expect(solar(event, ...OSLO).next(new Date(due.getTime() - 1))).toEqual(due);
  expect(solar(event, ...OSLO).latest!(eve, new Date('2026-03-21T00:00Z'))).toEqual(due);
  expect(solar(event, ...OSLO).latest!(eve, due)).toEqual(due);
  expect(solar(event, ...OSLO).latest!(eve, new Date(due.getTime() - 1))).toBeNull();
  expect(solar(event, ...OSLO).latest!(due, new Date('2026-03-21T00:00Z'))).toBeNull();
});

test('solar latest: searches back across the polar night, but not past the lower bound', () => {
  const sunrise = solar('sunrise', 78.2, 15.6);
  const newYear = new Date('2027-01-01T00:00Z');
  const last = new Date('2026-10-26T10:08:38Z');
  expect(sunrise.latest!(new Date('2026-01-01T00:00Z'), newYear)).toEqual(last);
  expect(sunrise.latest!(last, newYear)).toBeNull();
});

test('solar latest: searches back across a year at the pole', () => {
  const sunrise = solar('sunrise', 90, 0);
  const next = sunrise.next(new Date('2026-06-01T00:00Z'))!;
  expect(next.toISOString()).toMatch(/^2027-03-18T/);
  const before = sunrise.latest!(new Date('2000-01-01T00:00Z'), new Date(next.getTime() - 1))!;
  expect(before.toISOString()).toMatch(/^2026-03-18T/);
});

test('solar: noon at the date line is the start or the end of the UTC day', () => {
  const after = new Date('2026-03-20T00:00Z');
  const noon = (longitude: number) => solar('solar_noon', 0.5, longitude).next(after);
  expect(noon(179.9)).toEqual(new Date('2026-03-20T00:07:59Z'));
  expect(noon(-179.9)).toEqual(new Date('2026-03-20T00:07:11Z'));
});

const astronomy = createRequire(import.meta.url)('astronomy-engine') as typeof Astronomy;

test('solar: a search through a polar night or day computes few exact positions of the sun', () => {
  const exact = vi.spyOn(astronomy, 'SearchHourAngle');
  for (const latitude of [-90, -89.9, -80, 67.5, 80, 89.9, 90]) {
    for (const event of SOLAR_EVENTS) {
      exact.mockClear();
      // After the last event before the longest time without one.
      const newest = solar(event, latitude, 3).latest!(
        new Date('2025-01-01T00:00:00Z'),
        new Date(latitude > 0 ? '2026-05-01T00:00:00Z' : '2026-11-01T00:00:00Z'),
      );
      solar(event, latitude, 3).next(newest!);
      // A year has 1,460 ends of half days.
      expect(exact.mock.calls.length, `${event} at ${latitude}`).toBeLessThan(200);
    }
  }
});
