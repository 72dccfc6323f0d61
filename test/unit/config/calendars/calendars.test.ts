import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { due } from '../../schedule/walk.ts';
import { entryOf, entryProblems, problemsOf } from '../support.ts';

const hourly = { cron: '0 * * * *' };
const daily = { cron: '0 9 * * *' };
const calendars = { holidays: { dates: ['12-25', '2026-12-31/2027-01-02'] } };

const dueOf = (entry: object, after: string, count: number) =>
  due(entryOf(entry, { calendars }).schedule, after, count);

describe('calendars of an entry:', () => {
  test('exclude leaves out the days of a named calendar and of an inline one', () => {
    const entry = { schedule: daily, exclude: ['holidays', { weekdays: 'sat,sun' }] };
    expect(dueOf(entry, '2026-12-24T00:00:00Z', 6)).toEqual([
      '2026-12-24T09:00Z',
      '2026-12-28T09:00Z',
      '2026-12-29T09:00Z',
      '2026-12-30T09:00Z',
      '2027-01-04T09:00Z',
      '2027-01-05T09:00Z',
    ]);
  });

  test('only: keeps occurrences that are in all of its calendars', () => {
    const entry = { schedule: hourly, only: [{ cron: '* 9-10 * * *' }, { weekdays: 'fri#1' }] };
    expect(dueOf(entry, '2026-12-01T00:00:00Z', 3)).toEqual([
      '2026-12-04T09:00Z',
      '2026-12-04T10:00Z',
      '2027-01-01T09:00Z',
    ]);
  });

  test('a calendar with several parts contains every instant that is in at least one of them', () => {
    const only = { dates: '2026-12-24', weekdays: ['sun'], cron: ['0 9 31 12 *'] };
    expect(dueOf({ schedule: daily, only }, '2026-12-20T10:00:00Z', 4)).toEqual([
      '2026-12-24T09:00Z',
      '2026-12-27T09:00Z',
      '2026-12-31T09:00Z',
      '2027-01-03T09:00Z',
    ]);
  });

  test('days are those of the zone of the schedule', () => {
    const entry = { schedule: hourly, timezone: 'Asia/Tokyo', only: { dates: '2026-12-24' } };
    expect(dueOf(entry, '2026-12-01T00:00:00Z', 1)).toEqual(['2026-12-23T15:00Z']);
  });

  test('days of each year include those over the new year and 29 February', () => {
    const only = { dates: ['12-31/01-01', '02-29'] };
    expect(dueOf({ schedule: daily, only }, '2027-01-01T10:00:00Z', 4)).toEqual([
      '2027-12-31T09:00Z',
      '2028-01-01T09:00Z',
      '2028-02-29T09:00Z',
      '2028-12-31T09:00Z',
    ]);
  });

  const dayAt = (i: number) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10);

  test.each([
    ['dates', { dates: Array.from({ length: 10_001 }, (_, i) => dayAt(i)) }, '10,001', '10,000'],
    ['weekdays', { weekdays: Array.from({ length: 101 }, () => 'mon') }, '101', '100'],
    ['cron', { cron: Array.from({ length: 101 }, () => '* * * * *') }, '101', '100'],
  ])('a calendar with too many %s is rejected with their number', (part, exclude, count, most) => {
    expect(entryProblems({ schedule: daily, exclude })).toEqual([
      `exclude.${part}: ${count} values are more than the limit of ${most}`,
    ]);
  });

  test('too many calendars or times of day of an entry are rejected with their number', () => {
    const only = Array.from({ length: 101 }, () => ({ weekdays: 'mon' }));
    const between = Array.from({ length: 102 }, () => '09:00-17:00');
    expect(entryProblems({ schedule: daily, only, between })).toEqual([
      'between: 102 values are more than the limit of 100',
      'only: 101 values are more than the limit of 100',
    ]);
  });

  test('a calendar of 10,000 dates contains each of them and nothing between', () => {
    const only = { dates: Array.from({ length: 10_000 }, (_, i) => dayAt(2 * i)) };
    expect(dueOf({ schedule: daily, only }, `${dayAt(18_000)}T10:00:00Z`, 2)).toEqual([
      `${dayAt(18_002)}T09:00Z`,
      `${dayAt(18_004)}T09:00Z`,
    ]);
  });

  test('both passes of a repeated hour are in a calendar that contains it', () => {
    const entry = { schedule: { cron: '*/30 * * * *', timezone: 'Europe/Oslo' }, only: { cron: '* 2 25 10 *' } };
    expect(dueOf(entry, '2026-10-24T00:00:00Z', 4)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
    ]);
  });

  // The ledger stores these texts.
  test.each([
    [{ exclude: 'holidays' }, 'exclude(dates(12-25 2026-12-31/2027-01-02)) UTC', 'not holidays'],
    [{ only: { weekdays: 'mon-fri' } }, 'only(cron(* * * * 1-5)) UTC', 'only mon-fri'],
    [
      { between: '09:00-17:00', only: { cron: '* * * 1 *' }, exclude: [{ dates: '01-01' }] },
      'only(times(09:00-17:00)) only(cron(* * * 1 *)) exclude(dates(01-01)) UTC',
      'only 09:00-17:00, only cron * * * 1 *, not 01-01',
    ],
    [
      { exclude: { dates: Array.from({ length: 28 }, (_, i) => `2030-02-${String(i + 1).padStart(2, '0')}`) } },
      'exclude(sha256 6e00b69b87437113efb4f6691ca70476) UTC',
      'not 28 dates',
    ],
  ])('%j has its own spec and description', (fields, spec, words) => {
    const { schedule } = entryOf({ schedule: hourly, ...fields }, { calendars });
    expect(schedule.spec).toBe(`cron(0 * * * *) elapsed UTC ${spec}`);
    expect(schedule.description).toBe(`every hour, ${words}`);
  });

  test.each([
    [{ exclude: 'holiday' }, 'exclude: no calendar "holiday"; did you mean "holidays"?'],
    [{ only: ['holidays', 'x'] }, 'only[1]: no calendar "x"; allowed: holidays'],
    [{ only: 5 }, 'only: expected the name of a calendar, a map such as'],
    [{ only: {} }, 'only: is empty; add dates, weekdays, cron, holidays, businessDays, ics'],
    [{ only: { days: 'mon' } }, 'only'],
    [{ only: { dates: ['2030-02-30'] } }, 'only.dates[0]: "2030-02-30" is not in the calendar'],
    [{ only: { dates: '24.12.' } }, 'only.dates: expected dates such as 2030-12-24'],
    [{ only: { dates: '12-25/2030-01-01' } }, 'only.dates: expected dates such as'],
    [{ only: { dates: '2030-02-02/2030-01-01' } }, 'only.dates: "2030-02-02/2030-01-01" ends before'],
    [{ only: [{ weekdays: 'friday' }] }, 'only[0].weekdays: '],
    [{ exclude: { cron: '0 0 9 * * *' } }, 'exclude.cron: "0 0 9 * * *" is not five fields'],
    [{ exclude: { cron: 'H * * * *' } }, 'exclude.cron: "H * * * *" is not five fields'],
    [{ exclude: { weekdays: 'mon-sun' } }, 'schedule.cron: every hour, not mon-sun: is never due'],
    [{ exclude: { cron: '* * * * *' } }, 'schedule.cron: every hour, not cron * * * * *: is never due'],
    [{ only: { dates: '2025-01-01' } }, 'is never due'],
  ])('%j is rejected', (entry, problem) => {
    const problems = entryProblems({ schedule: hourly, ...entry }, { calendars });
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  test('errors in the setting calendars name the calendar', () => {
    const broken = { a: { dates: ['x'], weekdays: 'y' }, b: { cron: '61 * * * *' } };
    expect(problemsOf({ calendars: broken }).map((line) => line.split(': ')[0])).toEqual([
      'calendars.a.dates[0]',
      'calendars.a.weekdays',
      'calendars.b.cron',
    ]);
  });

  test('a stored entry may name a calendar of the configuration', () => {
    const { definitions } = resolveSettings({ calendars });
    const given = { task: 't', schedule: daily, exclude: 'holidays' };
    const { entry, definition } = definitions.read('e', given);
    expect(definition).toEqual({ ...given, timezone: 'UTC' });
    expect(entry.schedule.next(new Date('2026-12-25T00:00:00Z'))).toEqual(new Date('2026-12-26T09:00:00Z'));
    expect(() => resolveSettings({}).definitions.read('e', given)).toThrow(
      'exclude: no calendar "holidays"; the setting calendars has none',
    );
  });

  test('limits: all errors of an entry are reported together', () => {
    const limits = { between: '9-17', count: 3, only: 'x', exclude: 'y' };
    const read = () => entryOf({ schedule: hourly, ...limits }, { calendars });
    for (const mistake of ['between: expected', 'count: is counted', 'calendar "x"', 'calendar "y"'])
      expect(read).toThrow(mistake);
  });
});
