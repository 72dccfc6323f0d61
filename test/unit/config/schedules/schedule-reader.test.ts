import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { at } from '../../../../src/schedule/at.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { crontab } from '../../../../src/schedule/crontab.ts';
import { rrule } from '../../../../src/schedule/rrule/rrule.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { solar } from '../../../../src/schedule/solar.ts';
import { timedelta } from '../../../../src/schedule/timedelta.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { entryOf, entryProblems, problemsOf } from '../support.ts';

/** What `beat check` would warn of, as the user reads it. */
const notesOf = (entry: object) =>
  resolveSettings({ resultExpires: null, beatSchedule: { e: { task: 't', ...entry } } } as object)
    .warnings.map(formatDiagnostic)
    .map((line) => line.replace('beatSchedule.e.', ''));

const specOf = (entry: object, settings: object = {}) => entryOf(entry, settings).schedule.spec;

describe('schedule of an entry:', () => {
  test.each([
    [30, timedelta({ seconds: 30 })],
    [0.5, timedelta({ milliseconds: 500 })],
    ['1h30m', timedelta({ minutes: 90 })],
    [{ timedelta: { hours: 1, minutes: 1 } }, timedelta({ minutes: 61 })],
    [{ crontab: { minute: '*/5' } }, crontab({ minute: '*/5' })],
    [{ crontab: {} }, crontab({})],
    [{ crontab: { minute: [0, 30] } }, crontab({ minute: '0,30' })],
    [{ cron: '0 12 * * mon' }, cron('0 12 * * 1')],
    [{ at: '2100-01-01T00:00:00Z' }, at('2100-01-01T00:00:00Z')],
    [{ at: new Date(4_102_444_800_000) }, at('2100-01-01T00:00:00Z')],
    [{ at: '2020-01-01 00:00:00Z' }, at('2020-01-01T00:00:00Z')],
    [{ solar: { event: 'sunset', latitude: 59.9, longitude: 10.7 } }, solar('sunset', 59.9, 10.7)],
    [{ solar: { event: 'dusk_civil', lat: -33, lon: -70 } }, solar('dusk_civil', -33, -70)],
    [{ rrule: 'FREQ=MONTHLY;BYDAY=-1FR' }, rrule('FREQ=MONTHLY;BYDAY=-1FR')],
    [
      { rrule: 'FREQ=DAILY', dtstart: '2026-01-01 09:00:00', timezone: 'Europe/Oslo' },
      rrule('FREQ=DAILY', { dtstart: '2026-01-01T09:00:00', timezone: 'Europe/Oslo' }),
    ],
    [solar('sunrise', 90, 0), solar('sunrise', 90, 0)],
    [crontab({ hour: 3 }), crontab({ hour: 3 })],
  ])('%j is accepted', (schedule, { spec }) => {
    expect(specOf({ schedule })).toBe(spec);
  });

  test('two different sets of minutes are two schedules', () => {
    const minutes = (...values: number[]) => ({ crontab: { minute: new Set(values) } });
    const { entries } = resolveSettings({
      resultExpires: null,
      beatSchedule: {
        a: { task: 't', schedule: minutes(1) as object },
        b: { task: 't', schedule: minutes(2) as object },
      },
    });
    expect(entries.map((entry) => entry.schedule.spec)).toEqual([
      crontab({ minute: 1 }).spec,
      crontab({ minute: 2 }).spec,
    ]);
  });

  test('equal schedules are one object', () => {
    const one = entryOf({ schedule: { crontab: { minute: '*/7' } } });
    const other = entryOf({ schedule: { crontab: { minute: '*/7' } } });
    expect(other.schedule).toBe(one.schedule);
  });

  test('uses its own zone, otherwise that of the entry, the configuration, or UTC', () => {
    const own = { cron: '0 8 * * *', timezone: 'Asia/Tokyo' };
    const plain = { cron: '0 8 * * *' };
    const settings = { timezone: 'Europe/Oslo' };
    const zoneOf = (entry: object, s: object = {}) => entryOf(entry, s).schedule.timezone;
    expect(zoneOf({ schedule: own }, settings)).toBe('Asia/Tokyo');
    expect(zoneOf({ schedule: plain, timezone: 'America/Lima' }, settings)).toBe('America/Lima');
    expect(zoneOf({ schedule: plain }, settings)).toBe('Europe/Oslo');
    expect(zoneOf({ schedule: plain })).toBe('UTC');
    expect(zoneOf({ schedule: crontab({ hour: 8 }) }, settings)).toBe('Europe/Oslo');
    const fixed = crontab({ hour: 8 }, { timezone: 'Asia/Tokyo' });
    expect(zoneOf({ schedule: fixed }, settings)).toBe('Asia/Tokyo');
  });

  test.each([[{ cron: '0 8 * * *', timezone: 'Asia/Tokyo' }], [cron('0 8 * * *', { timezone: 'Asia/Tokyo' })]])(
    'is rejected if its zone differs from that of its entry',
    (schedule) => {
      expect(entryOf({ schedule, timezone: 'Asia/Tokyo' }).schedule.timezone).toBe('Asia/Tokyo');
      expect(entryProblems({ schedule, timezone: 'Europe/Oslo' })).toEqual([
        'timezone: "Europe/Oslo" differs from "Asia/Tokyo" in the schedule; remove one of them',
      ]);
    },
  );

  test.each([[3600], [{ timedelta: { hours: 1 } }], [timedelta({ hours: 1 })]])(
    'of an interval may be relative: %j',
    (schedule) => {
      const { spec } = timedelta({ hours: 1 }, { relative: true, timezone: 'Europe/Oslo' });
      expect(specOf({ schedule, relative: true, timezone: 'Europe/Oslo' })).toBe(spec);
    },
  );

  test.each([
    [{ cron: '@daily' }],
    [crontab({ hour: 3 })],
    [{ at: '2100-01-01' }],
    [solar('sunset', 0, 0)],
    [{ crontab: { hour: 3 } }],
  ])('that is not an interval ignores relative with a warning: %j', (schedule) => {
    expect(notesOf({ schedule, relative: true })).toEqual([
      expect.stringMatching(/^relative: ignored: it applies to intervals, this schedule is /),
    ]);
    expect(specOf({ schedule, relative: true })).toBe(specOf({ schedule }));
  });

  test('@every is an interval, which may be relative', () => {
    const schedule = { cron: '@every 2h' };
    expect(specOf({ schedule })).toBe('every(7200000ms)');
    expect(specOf({ schedule, relative: true, timezone: 'Europe/Oslo' })).toBe('every(7200000ms) round Europe/Oslo');
    expect(notesOf({ schedule, relative: true })).toEqual([]);
  });

  test.each([
    [{ crontab: { minute: '*/90' } }, 'schedule.crontab.minute'],
    [crontab({ minute: '*/90' }), 'schedule.minute'],
  ])('with a step beyond the range runs as in Celery, with a warning: %j', (schedule, path) => {
    const notes = [expect.stringMatching(`^${path}: "\\*/90" has a step larger than the field's 60`)];
    expect(specOf({ schedule })).toBe('cron(0 * * * *) elapsed UTC');
    expect(notesOf({ schedule })).toEqual(notes);
  });

  test('with a step beyond the range causes a warning for each of its entries', () => {
    const entry = { task: 't', schedule: { crontab: { minute: '*/90' } } };
    const { warnings } = resolveSettings({ resultExpires: null, beatSchedule: { a: entry, b: entry } });
    expect(warnings.map(({ path }) => path[1])).toEqual(['a', 'b']);
  });

  test.each([[{ cron: 'H 3 * * *' }], [cron('H 3 * * *')]])(
    'with H takes its minute from the name of its entry: %j',
    (schedule) => {
      const { entries } = resolveSettings({
        resultExpires: null,
        timezone: 'Europe/Oslo',
        beatSchedule: { cleanup: { task: 't', schedule }, other: { task: 't', schedule } },
      });
      const expected = (seed: string) => cron('H 3 * * *', { seed, timezone: 'Europe/Oslo' });
      expect(entries.map((entry) => entry.schedule)).toEqual([expected('cleanup'), expected('other')]);
      expect(expected('cleanup').spec).not.toBe(expected('other').spec);
    },
  );

  test('with H(seed) does not depend on the entry', () => {
    const schedule = cron('H 3 * * *', { seed: 'mine' });
    expect(entryOf({ schedule }).schedule).toBe(schedule.inZone!('UTC'));
  });

  test('with an unknown zone is reported for each of its entries', () => {
    const entry = { task: 't', schedule: { cron: '@daily', timezone: 'BST' } };
    expect(problemsOf({ beatSchedule: { a: entry, b: entry } })).toEqual([
      'beatSchedule.a.schedule.timezone: "BST" is not the name of an IANA time zone; did you mean "Europe/London"?',
      'beatSchedule.b.schedule.timezone: "BST" is not the name of an IANA time zone; did you mean "Europe/London"?',
    ]);
  });

  test('may be an object with a next() of the user', () => {
    const yearly: Schedule = { spec: 'mine', next: (after) => new Date(after.getTime() + 31_536_000_000) };
    expect(entryOf({ schedule: yearly }).schedule).toBe(yearly);
    const broken: Schedule = {
      spec: 'mine',
      next: () => {
        throw new Error('out of order');
      },
    };
    expect(entryProblems({ schedule: broken })).toEqual(['schedule: its next() failed: out of order']);
    const inZone = (async () => Promise.reject(new Error('no db'))) as never;
    expect(entryProblems({ schedule: { ...yearly, inZone } })).toEqual([
      'schedule: schedule "mine": inZone returned a promise',
    ]);
    const forEntry = inZone;
    expect(entryProblems({ schedule: { ...yearly, forEntry } })).toEqual([
      'schedule: schedule "mine": forEntry returned a promise',
    ]);
  });

  test.each<[unknown, string | RegExp]>([
    [
      undefined,
      'schedule: missing; expected a number of seconds, or one of timedelta, crontab, cron, at, solar, rrule',
    ],
    [2n ** 70n, /^schedule: expected a number of seconds, .* got 1180591620717411303424$/],
    [true, /^schedule: expected a number of seconds, .* got true$/],
    [0, /^schedule: .*0 seconds.*the minimum is one millisecond/],
    [-5, /^schedule: expected a number of seconds, .* got -5/],
    ['*/5 * * * *', /^schedule: expected .*; write a crontab line as \{cron: '…'\}$/],
    [{}, 'schedule: expected one of timedelta, crontab, cron, at, solar, rrule, got none'],
    [
      { cron: '@daily', crontab: {} },
      'schedule: expected one of timedelta, crontab, cron, at, solar, rrule, got crontab and cron',
    ],
    [{ corn: '@daily' }, 'schedule.corn: unknown key; did you mean "cron"?'],
    [{ crontab: '* * * * *' }, /^schedule\.crontab: expected a map of minute, .* goes under cron/],
    [{ crontab: { minute: 60 } }, /^schedule\.crontab\.minute: 60 is out of range 0-59/],
    [{ crontab: { minut: 5 } }, /^schedule\.crontab\.minut: .*did you mean "minute"/],
    [{ timedelta: { minute: 5 } }, /^schedule\.timedelta\.minute: .*did you mean "minutes"/],
    [{ timedelta: 5 }, 'schedule.timedelta: expected a map such as {minutes: 5}, got 5'],
    [{ cron: '61 * * * *' }, /^schedule\.cron: minute: "61"/],
    [
      { solar: 'sunset' },
      'schedule.solar: expected a map such as {event: sunset, latitude: 59.9, longitude: 10.7}, got "sunset"',
    ],
    [{ at: 'soon' }, /^schedule\.at: expected an instant such as .*, got "soon"$/],
    [{ at: '12:00' }, /^schedule\.at: expected an instant such as/],
    [{ cron: '0 8 * * *', timezone: 'Europe/Olso' }, /^schedule\.timezone: .*did you mean "Europe\/Oslo"/],
  ])('%o is rejected', (schedule, problem) => {
    const expected: unknown = typeof problem === 'string' ? problem : expect.stringMatching(problem);
    expect(entryProblems({ schedule })).toEqual([expected]);
  });

  test.each([[{ crontab: { dayOfMonth: 30, monthOfYear: 2 } }], [crontab({ dayOfMonth: 31, monthOfYear: 'feb,apr' })]])(
    'that is never due is rejected: %j',
    (schedule) => {
      expect(entryProblems({ schedule })).toEqual([expect.stringMatching(/^schedule.*is never due$/)]);
    },
  );

  test('with a date that no year has is also rejected in cron', () => {
    expect(entryProblems({ schedule: { cron: '0 0 30 2 *' } })).toEqual([expect.stringMatching(/^schedule\.cron: /)]);
  });

  test('whose occurrences are all in the past is accepted', () => {
    expect(entryProblems({ schedule: { at: '1999-12-31T00:00:00Z' } })).toEqual([]);
  });

  test('with several errors reports all of them', () => {
    const crontab = { minute: 61, hour: 'noon', day_of_week: true };
    expect(entryProblems({ schedule: { crontab } })).toHaveLength(3);
    const where = { event: 'sun_rise', lat: 91, longitude: 10, lon: 10, height: 5 };
    expect(entryProblems({ schedule: { solar: where } })).toEqual([
      'schedule.solar.lon: is given twice: also as longitude',
      'schedule.solar.height: is not a part of solar; allowed: event, latitude, longitude',
      expect.stringMatching(
        /^schedule\.solar\.event: "sun_rise" is not one of dawn_.*dusk_astronomical; did you mean "sunrise"\?$/,
      ),
      'schedule.solar.lat: 91 is not a number of degrees from -90 to 90',
    ]);
    expect(entryProblems({ schedule: { solar: { longitude: '10.7' } } })).toEqual([
      expect.stringMatching(/^schedule\.solar\.event: missing; expected one of dawn_/),
      'schedule.solar.latitude: missing; expected a number of degrees from -90 to 90',
      'schedule.solar.longitude: "10.7" is not a number of degrees from -180 to 180',
    ]);
  });
});
