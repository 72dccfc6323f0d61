import fc from 'fast-check';
import { readRecorded } from './recorded.ts';
import { expect, test } from 'vitest';
import { rrule } from '../../../../src/schedule/rrule/rrule.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';

test.each<[rule: string, dtstart: string | undefined, words: string]>([
  ['FREQ=DAILY;BYHOUR=9', undefined, 'every day at 09:00'],
  ['FREQ=DAILY;BYDAY=SA,SU', undefined, 'every day on Saturday and Sunday at 00:00'],
  ['FREQ=DAILY;BYSECOND=0,30;BYHOUR=8', undefined, 'every day at 08:00 and 08:00:30'],
  ['FREQ=DAILY;BYHOUR=8,9,10,11,12,13,14', undefined, 'every day at minute 0 of hours 8, 9, 10, 11, 12, 13 and 14'],
  [
    'FREQ=DAILY;BYHOUR=8,9;BYMINUTE=0,15,30,45;BYSECOND=5',
    undefined,
    'every day at second 5 at minutes 0, 15, 30 and 45 of hours 8 and 9',
  ],
  ['FREQ=WEEKLY', '2026-01-05T09:30:15', 'every week on Monday at 09:30:15, from 2026-01-05 09:30:15'],
  [
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,MO;BYHOUR=9,17;WKST=SU',
    '2026-01-05',
    'every 2 weeks on Monday and Friday at 09:00 and 17:00, weeks begin on Sunday, from 2026-01-05 00:00',
  ],
  ['FREQ=WEEKLY;BYDAY=MO;WKST=SU', undefined, 'every week on Monday at 00:00'],
  ['FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=18', undefined, 'every month on the last Friday of the month at 18:00'],
  [
    'FREQ=MONTHLY;BYDAY=MO,1TU,-2FR',
    undefined,
    'every month on Monday, the 1st Tuesday and the 2nd last Friday of the month at 00:00',
  ],
  [
    'FREQ=MONTHLY;BYMONTHDAY=-1,1,22;BYHOUR=6;BYMINUTE=30',
    undefined,
    'every month on the 1st, 22nd and last day of the month at 06:30',
  ],
  [
    'FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR,SA',
    undefined,
    'every month on the 13th day of the month if that is a Friday or a Saturday at 00:00',
  ],
  [
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1;BYHOUR=12',
    undefined,
    'every month on Monday to Friday at 12:00, only the 1st and last of each month',
  ],
  ['FREQ=MONTHLY;BYMONTH=6', undefined, 'every month on the 1st day of June at 00:00'],
  ['FREQ=YEARLY', '2026-02-28T12:00:00', 'every year on the 28th day of February at 12:00, from 2026-02-28 12:00'],
  ['FREQ=YEARLY;BYMONTH=3,10;BYDAY=2SU', undefined, 'every year on the 2nd Sunday of March and October at 00:00'],
  ['FREQ=YEARLY;BYMONTH=3;BYDAY=SU', undefined, 'every year on Sunday in March at 00:00'],
  ['FREQ=YEARLY;BYDAY=20MO', undefined, 'every year on the 20th Monday of the year at 00:00'],
  ['FREQ=YEARLY;BYYEARDAY=1,100,-1', undefined, 'every year on the 1st, 100th and last day of the year at 00:00'],
  [
    'FREQ=YEARLY;BYMONTHDAY=15;BYYEARDAY=15',
    undefined,
    'every year on the 15th day of the month that is also the 15th day of the year at 00:00',
  ],
  [
    'FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO;WKST=SU',
    undefined,
    'every year on Monday in the 20th and last week of the year at 00:00, weeks begin on Sunday',
  ],
  ['FREQ=HOURLY', undefined, 'every hour at minute 0'],
  ['FREQ=HOURLY;INTERVAL=6;BYMINUTE=15', '2026-01-01T03:00:00', 'every 6 hours at minute 15, from 2026-01-01 03:00'],
  [
    'FREQ=MINUTELY;BYHOUR=9,10,11;BYDAY=MO;BYSECOND=30',
    undefined,
    'every minute on Monday at second 30 in hours 9, 10 and 11',
  ],
  ['FREQ=SECONDLY;BYMINUTE=0', undefined, 'every second at minute 0'],
  ['FREQ=DAILY;COUNT=1', '2026-01-05T09:30', 'every day at 09:30, once, from 2026-01-05 09:30'],
  ['FREQ=DAILY;COUNT=10;INTERVAL=3', '2026-01-05T09:30', 'every 3 days at 09:30, 10 times, from 2026-01-05 09:30'],
  ['FREQ=DAILY;UNTIL=20301231T080000Z', undefined, 'every day at 00:00, until 2030-12-31 08:00 UTC'],
  ['FREQ=DAILY;UNTIL=20301231T080005', undefined, 'every day at 00:00, until 2030-12-31 08:00:05'],
  ['FREQ=DAILY;UNTIL=20301231', undefined, 'every day at 00:00, until 2030-12-31'],
])('rrule %s from %s is in words: %s', (rule, dtstart, words) => {
  expect(rrule(rule, { dtstart }).description).toBe(words);
});

const explain = (schedule: Schedule, at: string) => schedule.explain!(new Date(at));

test('each part of a rule is compared with the local time', () => {
  const rule = 'FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=17';
  const schedule = rrule(rule, { dtstart: '2026-01-01', timezone: 'Europe/Oslo' });
  expect(explain(schedule, '2026-06-30T15:05:00Z')).toEqual({
    local: '2026-06-30 17:05 Europe/Oslo',
    fields: [
      { field: 'INTERVAL', rule: 'every 2 months', value: '5 after that of DTSTART', matches: false },
      { field: 'BYDAY', rule: 'MO,TU,WE,TH,FR', value: 'Tuesday', matches: true },
      { field: 'BYHOUR', rule: '17', value: '17', matches: true },
      { field: 'BYMINUTE', rule: '0', value: '5', matches: false },
      { field: 'BYSECOND', rule: '0', value: '0', matches: true },
      { field: 'BYSETPOS', rule: '-1', value: 'none of 22', matches: false },
    ],
    notes: [],
  });
  const due = explain(schedule, '2026-07-31T15:00:00Z').fields;
  expect(due.every(({ matches }) => matches)).toBe(true);
  expect(due.at(-1)).toMatchObject({ field: 'BYSETPOS', value: '23 of 23' });
});

test.each([
  ['FREQ=DAILY;UNTIL=20260110', '2026-01-10T09:00:00Z', 'UNTIL', '20260110'],
  ['FREQ=DAILY;UNTIL=20260110T080000Z', '2026-01-10T09:00:00Z', 'UNTIL', '20260110T080000Z'],
  ['FREQ=DAILY;COUNT=3', '2026-01-10T09:00:00Z', 'COUNT', '3'],
  ['FREQ=DAILY', '2026-01-01T09:00:00Z', 'DTSTART', '2026-01-05 09:00'],
])('%s does not have %s because of %s', (rule, at, field, limit) => {
  const { fields } = explain(rrule(rule, { dtstart: '2026-01-05T09:00:00', timezone: 'UTC' }), at);
  const mismatches = fields.filter(({ matches }) => !matches);
  expect(mismatches).toMatchObject([{ field, rule: limit }]);
});

test('all parts match at the occurrences that python-dateutil finds, and not at other instants', () => {
  const units = fc.constantFrom(1_000, 3_600_000, 86_400_000);
  const step = fc.tuple(fc.integer({ min: -50, max: 50 }), units);
  const one = fc.constantFrom(...readRecorded().filter(({ due }) => due.length > 0));
  fc.assert(
    fc.property(one, step, ({ rrule: rule, dtstart, due }, [count, unit]) => {
      const schedule = rrule(rule, { dtstart, timezone: 'UTC' });
      const isDue = (at: Date) => schedule.explain!(at).fields.every(({ matches }) => matches);
      const first = new Date(`${due[0]!}Z`);
      expect(isDue(first)).toBe(true);
      const other = new Date(first.getTime() + count * unit);
      const next = schedule.next(new Date(other.getTime() - 1));
      expect(isDue(other)).toBe(next?.getTime() === other.getTime());
    }),
    { numRuns: 500 },
  );
});
