import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rrule } from '../../../../src/schedule/rrule/rrule.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { readRecorded } from './recorded.ts';

const explain = (schedule: Schedule, at: string) => schedule.explain!(new Date(at));

test('each part of a rule is compared with the local time', () => {
  const rule = 'FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=17';
  const schedule = rrule(rule, { dtstart: '2026-01-01', timezone: 'Europe/Oslo' });
  expect(explain(schedule, '2026-06-30T15:05:00Z')).toEqual({
    local: '2026-06-30 17:05 Europe/Oslo',
    fields: [
      {
        field: 'INTERVAL',
        rule: 'every 2 months',
        value: '5 after that of DTSTART',
        matches: false,
      },
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
