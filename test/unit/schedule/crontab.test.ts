import { due } from './walk.ts';
import { describe, expect, test } from 'vitest';
import { crontab, type CrontabFields } from '../../../src/schedule/crontab.ts';
import { ConfigError } from '../../../src/util/errors.ts';

/** What a careless caller passes in. */
function problems(fields: object): string[] {
  try {
    crontab(fields);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('crontab', () => {
  test('is due every minute by default', () => {
    expect(due(crontab(), '2025-01-01T00:00:30Z', 2)).toEqual(['2025-01-01T00:01Z', '2025-01-01T00:02Z']);
  });

  test('requires all fields to match: day 13 and Friday is Friday the 13th', () => {
    const schedule = crontab({ minute: 0, hour: 0, dayOfMonth: 13, dayOfWeek: 'fri' });
    expect(due(schedule, '2025-01-01T00:00Z', 2)).toEqual(['2025-06-13T00:00Z', '2026-02-13T00:00Z']);
  });

  test.each<[string, CrontabFields, string]>([
    ['a number', { minute: 5 }, '5 * * * *'],
    ['a list', { minute: [30, 0, 30] }, '0,30 * * * *'],
    ['a set', { hour: new Set([4, 16]), minute: 0 }, '0 4,16 * * *'],
    ['a step from the lowest', { dayOfMonth: '*/10' }, '* * 1-31/10 * *'],
    ['a step that is too wide', { minute: '*/100' }, '0 * * * *'],
    ['a step within a range', { minute: '5-50/15' }, '5-50/15 * * * *'],
    ['a range around the end', { hour: '22-2', minute: 0 }, '0 0,1,2,22,23 * * *'],
    ['a step around the end', { minute: '50-10/5' }, '0,5,10,50,55 * * * *'],
    ['names', { dayOfWeek: 'Mon-friday', monthOfYear: 'jan,AUG' }, '* * * 1,8 1-5'],
    ['names around the end', { dayOfWeek: 'fri-mon/2' }, '* * * * 0,5'],
    ['blanks around numbers', { minute: '1, 2 ,3' }, '1-3 * * * *'],
    ["Celery's spellings", { day_of_week: 1, day_of_month: 2, month_of_year: 3 }, '* * 2 3 1'],
  ])('parses %s', (_, fields, line) => {
    expect(crontab(fields).spec).toContain(`cron(${line.replace('1-31/10', '*/10')}) `);
  });

  test('warns of a step larger than its field, which Celery accepts', () => {
    expect(crontab({ minute: '*/90', hour: '22-2/25' }).warnings).toEqual([
      {
        path: ['minute'],
        message: expect.stringMatching(
          /^"\*\/90" has a step larger than the field's 60 values, so it matches only 0, as in Celery/,
        ) as string,
      },
      { path: ['hour'], message: expect.stringMatching(/^"22-2\/25" .* 24 values, so it matches only 22,/) as string },
    ]);
    expect(crontab({ day_of_week: '*/8' }).warnings).toMatchObject([{ path: ['day_of_week'] }]);
    expect(crontab({ minute: '*/90' }).inZone!('Asia/Tokyo').warnings).toHaveLength(1);
    expect(crontab({ minute: '*/90' }).spec).toBe(crontab({ minute: '*/60' }).spec);
    expect(crontab({ minute: '*/60', hour: '*/24', dayOfWeek: '*/7' }).warnings).toBeUndefined();
  });

  test('reports every invalid field at once', () => {
    const wrong = {
      minute: '60',
      hour: 'noon',
      day_of_week: 7,
      dayOfMonth: '1-5-7',
      month_of_year: 'octo',
      minutes: 5,
    };
    expect(problems(wrong).toSorted()).toEqual([
      'dayOfMonth: "1-5-7" is not a number, a name, "*", a range or a step',
      'day_of_week: 7 is out of range 0-6 (Sunday is 0)',
      'hour: "noon" is not a number, a name, "*", a range or a step',
      'minute: "60" is out of range 0-59',
      'minutes: unknown field; did you mean "minute"?',
      'month_of_year: "octo" is not a number, a name, "*", a range or a step; did you mean "oct"?',
    ]);
  });

  test('suggests cron for a cron expression', () => {
    expect(() => crontab('0 4 * * *' as CrontabFields)).toThrow(
      'crontab expects fields such as {minute: 0, hour: 4}; for a cron expression use cron("0 4 * * *")',
    );
  });

  test.each([
    [{ minute: '' }, 'minute: "" is empty; write "*" for every value'],
    [{ minute: '1,,2' }, 'minute: "1,,2" has an empty part between its commas'],
    [{ minute: '*/0' }, 'minute: "*/0" has a step of 0'],
    [{ hour: '5/2' }, 'hour: "5/2" has a step but no range: write "5-23/2"'],
    [{ hour: '-1' }, 'hour: "-1" is negative'],
    [{ hour: -1 }, 'hour: -1 is out of range 0-23'],
    [{ hour: 1.5 }, 'hour: 1.5 is not a whole number'],
    [{ hour: NaN }, 'hour: NaN is not a whole number'],
    [{ hour: [] }, 'hour: an empty list never matches; write "*" for every value'],
    [
      { dayOfWeek: ['mon', 'fri'] },
      'dayOfWeek: "mon" in a list is not a number; write names as one string, such as "mon,fri"',
    ],
    [{ hour: null }, 'hour: null is not a number, a string, or a list of numbers'],
    [{ hour: true }, 'hour: true is not a number, a string, or a list of numbers'],
    [{ minute: '@daily' }, 'minute: "@daily" is a cron nickname; use cron(\'@daily\')'],
    [{ dayOfWeek: 'sunrise' }, 'dayOfWeek: "sunrise" is not a number, a name, "*", a range or a step'],
    [{ dayOfWeek: 1, day_of_week: 2 }, 'day_of_week: is given twice: also as dayOfWeek'],
    [{ second: 1 }, 'second: unknown field; allowed: minute, hour, dayOfWeek, dayOfMonth, monthOfYear'],
  ])('rejects %j', (fields, message) => {
    expect(problems(fields)).toEqual([message]);
  });

  test('rejects a field of over 1,000 characters', () => {
    expect(problems({ minute: `${'1,'.repeat(500)}1` })).toEqual([
      expect.stringMatching(/^minute: "1,1,.{50,80}" is longer than 1000 characters$/),
    ]);
  });
});
