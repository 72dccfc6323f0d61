import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { due } from '../../schedule/walk.ts';
import { entryOf, entryProblems } from '../support.ts';

const daily = { cron: '0 9 * * *' };
const dueOf = (entry: object, after: string, count: number) =>
  due(entryOf({ schedule: daily, ...entry }).schedule, `${after}T00:00:00Z`, count).map((at) => at.slice(5, 10));

describe('public holidays', () => {
  test.each([
    ['DE', ['01-01', '04-03', '04-06', '05-01', '05-14']],
    ['DE-BY', ['01-01', '01-06', '04-03', '04-06', '05-01']],
    ['de-by-a', ['01-01', '01-06', '04-03', '04-06', '05-01']],
    ['US-LA', ['01-01', '01-19', '02-16', '02-17', '04-03']],
    ['JP', ['01-01', '01-12', '02-11', '02-23', '03-20']],
  ])('of %s are a calendar', (code, expected) => {
    expect(dueOf({ only: { holidays: code } }, '2026-01-01', 5)).toEqual(expected);
  });

  test('of a list of countries are the holidays of each country', () => {
    const only = { holidays: ['DE', 'US'] };
    expect(dueOf({ only }, '2026-04-01', 4)).toEqual(['04-03', '04-06', '05-01', '05-14']);
    expect(dueOf({ only }, '2026-05-15', 2)).toEqual(['05-25', '06-19']);
  });

  test('are days in the zone of the schedule', () => {
    const entry = { schedule: { cron: '0 * * * *', timezone: 'Asia/Tokyo' }, only: { holidays: 'DE' } };
    expect(due(entryOf(entry).schedule, '2026-12-01T00:00:00Z', 1)).toEqual(['2026-12-24T15:00Z']);
  });

  test('of several days, also into the next year, contain all of their days', () => {
    const days = dueOf({ only: { holidays: 'SA' } }, '2027-03-01', 4);
    expect(days).toEqual(['03-09', '03-10', '03-11', '03-12']);
  });

  test('include substitute days, and no half days', () => {
    expect(dueOf({ only: { holidays: 'GB-SCT' } }, '2027-12-01', 4)).toEqual([...['12-25', '12-26', '12-27', '12-28']]);
    // Youth Day is half a day.
    expect(dueOf({ only: { holidays: 'CN' } }, '2027-05-01', 2)).toEqual(['05-01', '06-01']);
  });

  test('name the day that is left out', () => {
    const { schedule } = entryOf({ schedule: daily, exclude: { holidays: 'DE-BY' } });
    expect(schedule.explain!(new Date('2027-01-06T09:00:00Z')).fields.at(-1)).toEqual({
      field: 'exclude',
      rule: 'not holidays of DE-BY',
      value: 'Epiphany',
      matches: false,
    });
    const business = entryOf({ schedule: daily, only: { businessDays: 'DE-BY' } }).schedule;
    const value = (at: string) => business.explain!(new Date(at)).fields.at(-1)!.value;
    expect(value('2027-01-06T09:00:00Z')).toBe('Epiphany');
    expect(value('2027-01-09T09:00:00Z')).toBe('outside of business days of DE-BY');
    expect(value('2027-01-08T09:00:00Z')).toBe('business days of DE-BY');
  });
});

describe('business days', () => {
  test.each([
    ['DE', ['12-23', '12-24', '12-28', '12-29']],
    ['EG', ['12-23', '12-24', '12-27', '12-28']],
  ])('of %s are neither holidays nor the weekend of that country', (code, expected) => {
    expect(dueOf({ only: { businessDays: code } }, '2026-12-23', 4)).toEqual(expected);
  });

  test('have a spec that names the code', () => {
    const { schedule } = entryOf({ schedule: daily, only: { businessDays: 'us-ca' } });
    expect(schedule.spec).toBe('cron(0 9 * * *) fixed UTC only(business(US-CA)) UTC');
    expect(schedule.description).toBe('at 09:00, only business days of US-CA');
  });

  test('may be in stored entries', () => {
    const { definitions } = resolveSettings({});
    const given = { task: 't', schedule: daily, only: { businessDays: 'DE' } };
    const { entry } = definitions.read('e', given);
    expect(due(entry.schedule, '2026-12-25T00:00:00Z', 1)).toEqual(['2026-12-28T09:00Z']);
  });
});

test.each([
  [{ holidays: 'UK' }, 'only.holidays: "UK" is not the code of a country; did you mean "GB"?'],
  [{ holidays: 'germany' }, '"germany" is not the code of a country; did you mean "DE"?'],
  [{ holidays: 'ZZ' }, '"ZZ" is not the code of a country; expected an ISO 3166 code such as DE'],
  [{ holidays: ['DE', ''] }, '"" is not the code of a country; expected an ISO 3166 code'],
  [{ businessDays: 'DE-BA' }, 'only.businessDays: "BA" is not the code of a part of DE; allowed: BB, BE,'],
  [{ businessDays: 'DE-BERLIN' }, '"BERLIN" is not the code of a part of DE; did you mean "BE"?'],
  [{ businessDays: 'DE-BY-X' }, '"X" is not the code of a part of DE-BY; allowed: A, KATH, EVANG'],
  [{ businessDays: 'DE-BE-X' }, '"X" is not the code of a part of DE-BE; it has no parts'],
  [{ businessDays: 'DE-BY-A-B' }, '"DE-BY-A-B" has more than three parts'],
  [{ businessDays: ['DE'] }, 'only'],
])('%j is rejected', (only, problem) => {
  const problems = entryProblems({ schedule: daily, only });
  expect(problems).toEqual([expect.stringContaining(problem)]);
});
