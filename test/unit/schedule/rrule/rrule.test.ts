import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { rrule } from '../../../../src/schedule/rrule/rrule.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { instant, zone } from '../arbitrary.ts';
import { due, walk } from '../walk.ts';
import { readRecorded } from './recorded.ts';

const recorded = readRecorded();

describe('rrule', () => {
  test('finds the occurrences that python-dateutil finds', () => {
    expect(recorded.length).toBeGreaterThan(500);
    for (const { rrule: rule, dtstart, after, until, due: expected } of recorded) {
      const schedule = rrule(rule, { dtstart, timezone: 'UTC' });
      const found = walk(schedule, new Date(`${after}Z`), 8)
        .map((at) => at.toISOString().slice(0, 19))
        .filter((at) => at <= until);
      expect(found, `${rule} from ${dtstart}, after ${after}`).toEqual(expected);
    }
  });

  test('next is strictly later and does not depend on what was asked before, in every zone', () => {
    const rule = fc.constantFrom(...recorded.map((one) => one.rrule));
    fc.assert(
      fc.property(rule, zone, instant(2024, 2040), (one, timezone, after) => {
        const options = { dtstart: '2024-02-29T01:30:00', timezone };
        const schedule = rrule(one, options);
        const found = walk(schedule, after, 6).map(Number);
        expect(found).toEqual([...new Set(found)].toSorted((a, b) => a - b));
        for (const [i, at] of found.entries()) {
          const before = new Date(Math.max(at - 1, i === 0 ? after.getTime() : found[i - 1]!));
          expect(rrule(one, options).next(before)?.getTime()).toBe(at);
        }
        const last = found.at(-1);
        if (last !== undefined) {
          expect(schedule.latest?.(after, new Date(last))?.getTime()).toBe(last);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a rule that is never due ends its search within a second', () => {
    for (const freq of ['YEARLY', 'MONTHLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY']) {
      const schedule = rrule(`FREQ=${freq};BYMONTH=2;BYMONTHDAY=30`);
      expect(schedule.next(new Date('2026-01-01')), freq).toBeNull();
    }
  });

  const sixty = Array.from({ length: 60 }, (_, i) => i).join(',');
  const hours = sixty.slice(0, sixty.indexOf(',24'));
  const allTimes = `BYHOUR=${hours};BYMINUTE=${sixty};BYSECOND=${sixty}`;
  const allDays = 'BYDAY=MO,TU,WE,TH,FR,SA,SU';

  test.each([
    [`FREQ=YEARLY;${allDays};${allTimes};BYSETPOS=-1`, '31,622,400'],
    [`FREQ=YEARLY;BYMONTH=2;${allDays};${allTimes};BYSETPOS=1`, '2,505,600'],
    [`FREQ=MONTHLY;${allDays};${allTimes};BYSETPOS=1,366`, '2,678,400'],
    [`FREQ=WEEKLY;${allDays};${allTimes};BYSETPOS=1`, '604,800'],
    [`FREQ=YEARLY;BYMONTH=1,7;${allTimes};BYSETPOS=1`, '172,800'],
  ])('rejects a BYSETPOS that selects from very many times, with their number: %s', (rule, most) => {
    expect(() => rrule(rule)).toThrow(`BYSETPOS selects from up to ${most} times in a period, more than 100,000`);
  });

  test.each([
    [`FREQ=DAILY;${allTimes};BYSETPOS=-1`, '2026-11-22T23:59:59Z'],
    [`FREQ=HOURLY;BYMINUTE=${sixty};BYSECOND=${sixty};BYSETPOS=-2`, '2026-11-22T12:59:58Z'],
    [`FREQ=YEARLY;${allDays};${allTimes}`, '2026-11-22T12:00:01Z'],
  ])('accepts a rule with every second of a period: %s', (rule, due) => {
    const schedule = rrule(rule, { timezone: 'UTC' });
    expect(schedule.next(new Date('2026-11-22T12:00:00Z'))).toEqual(new Date(due));
  });

  test('rejects a COUNT that only a very long search can reach', () => {
    const schedule = rrule('FREQ=SECONDLY;INTERVAL=86399;BYHOUR=1;BYMINUTE=1;BYSECOND=1;COUNT=9', {
      dtstart: '2026-01-01T00:00:00',
    });
    expect(() => schedule.next(new Date('2026-11-22T12:00:00Z'))).toThrow(
      'COUNT=9 needs a search of more than 100,000 periods; use UNTIL instead',
    );
  });

  test.each([
    ['FREQ=MONTHLY;BYDAY=-1FR', {}, ['2026-11-27T00:00Z', '2026-12-25T00:00Z']],
    ['RRULE:freq=daily;byhour=9', {}, ['2026-11-23T09:00Z', '2026-11-24T09:00Z']],
    ['FREQ=WEEKLY;BYDAY=MO', { dtstart: '2026-11-24T08:30' }, ['2026-11-30T08:30Z', '2026-12-07T08:30Z']],
    ['FREQ=DAILY;COUNT=2', { dtstart: '2026-11-22T10:00:00Z' }, ['2026-11-23T10:00Z']],
    ['FREQ=DAILY;UNTIL=20261123T090000Z;BYHOUR=9', {}, ['2026-11-23T09:00Z']],
    ['FREQ=DAILY;UNTIL=20261124', {}, ['2026-11-24T00:00Z']],
    [
      'FREQ=DAILY',
      { dtstart: '2026-11-22T10:00+02:00', timezone: 'Asia/Tokyo' },
      ['2026-11-23T08:00Z', '2026-11-24T08:00Z'],
    ],
  ])('%s with %j is due at its first instants', (rule, options, expected) => {
    expect(due(rrule(rule, options), '2026-11-23T00:00:00Z', 2)).toEqual(expected);
  });

  test('fixed times are due once when clocks change, and shorter periods follow elapsed time', () => {
    const timezone = 'America/New_York';
    const daily = rrule('FREQ=DAILY;BYHOUR=2;BYMINUTE=30', { timezone });
    expect(due(daily, '2027-03-13T12:00:00Z', 2)).toEqual(['2027-03-14T07:00Z', '2027-03-15T06:30Z']);
    const once = rrule('FREQ=DAILY;BYHOUR=1;BYMINUTE=30', { timezone });
    expect(due(once, '2027-11-07T00:00:00Z', 2)).toEqual(['2027-11-07T05:30Z', '2027-11-08T06:30Z']);
    const hourly = rrule('FREQ=HOURLY;BYMINUTE=30', { timezone });
    expect(due(hourly, '2027-11-07T05:00:00Z', 3)).toEqual([
      '2027-11-07T05:30Z',
      '2027-11-07T06:30Z',
      '2027-11-07T07:30Z',
    ]);
    expect(due(hourly, '2027-03-14T06:00:00Z', 2)).toEqual(['2027-03-14T06:30Z', '2027-03-14T07:30Z']);
  });

  // The ledger stores these texts.
  test.each([
    ['FREQ=MONTHLY;BYDAY=-1FR', {}, 'rrule(FREQ=MONTHLY;BYDAY=-1FR from 2000-01-01T00:00:00) UTC'],
    [
      'byday=we,mo,mo;wkst=su;interval=2;freq=weekly',
      { dtstart: '2026-11-24', timezone: 'Europe/Oslo' },
      'rrule(FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU from 2026-11-24T00:00:00) Europe/Oslo',
    ],
    [
      'FREQ=YEARLY;INTERVAL=1;COUNT=3;BYSETPOS=-1;BYDAY=+1MO,2MO;BYHOUR=10,9',
      { dtstart: '2026-11-24T08:00:00Z', timezone: 'Europe/Oslo' },
      'rrule(FREQ=YEARLY;COUNT=3;BYDAY=1MO,2MO;BYHOUR=9,10;BYSETPOS=-1 from 2026-11-24T09:00:00) Europe/Oslo',
    ],
  ])('%s with %j has its own spec', (rule, options, spec) => {
    expect(rrule(rule, options).spec).toBe(spec);
  });

  test.each([
    ['', 'FREQ is missing; allowed: YEARLY'],
    ['FREQ=FORTNIGHTLY', 'FREQ=FORTNIGHTLY is unknown'],
    ['FREQ=DAILY;BYDAYS=MO', '"BYDAYS" is not a part of a rule; did you mean "BYDAY"?'],
    ['FREQ=DAILY;FREQ=DAILY', 'FREQ is given twice'],
    ['FREQ=DAILY;BYHOUR', 'BYHOUR has no value'],
    ['FREQ=DAILY;BYHOUR=24', 'BYHOUR=24: 24 is out of range 0 to 23'],
    ['FREQ=MONTHLY;BYMONTHDAY=0', 'BYMONTHDAY=0: 0 is out of range 1 to 31, or -31 to -1'],
    ['FREQ=DAILY;INTERVAL=0', 'INTERVAL=0: expected a whole number from 1'],
    ['FREQ=DAILY;INTERVAL=2', 'INTERVAL=2 needs dtstart'],
    ['FREQ=DAILY;COUNT=2', 'COUNT=2 needs dtstart'],
    ['FREQ=WEEKLY', 'FREQ=WEEKLY without BYDAY needs dtstart'],
    ['FREQ=DAILY;BYDAY=1MO', 'BYDAY with a number, such as 1MO, needs FREQ=MONTHLY or FREQ=YEARLY'],
    ['FREQ=DAILY;BYDAY=XX', 'BYDAY=XX: XX is not a weekday'],
    ['FREQ=MONTHLY;BYWEEKNO=3', 'BYWEEKNO needs FREQ=YEARLY'],
    ['FREQ=DAILY;BYSETPOS=1', 'BYSETPOS needs another part'],
    ['FREQ=DAILY;WKST=X', 'WKST=X: expected one of MO'],
    ['FREQ=DAILY;UNTIL=2030-01-01', 'UNTIL=2030-01-01: expected an instant such as'],
    ['FREQ=DAILY;UNTIL=20301399T000000Z', 'UNTIL=20301399T000000Z: expected an instant such as'],
    ['FREQ=DAILY;UNTIL=20300230', 'UNTIL=20300230: expected an instant such as'],
    ['FREQ=DAILY;UNTIL=20300101;COUNT=2', 'COUNT and UNTIL exclude each other'],
  ])('%s is rejected', (rule, problem) => {
    expect(() => rrule(rule)).toThrow(ConfigError);
    expect(() => rrule(rule)).toThrow(problem);
  });
});
