import { expect, test } from 'vitest';
import { Folder } from '../../../support/folder.ts';
import { entryOf } from '../support.ts';

const check = (entry: object, at: string, settings: object = {}) => {
  const { schedule } = entryOf(entry, settings);
  return schedule.explain!(new Date(at));
};
const last = (entry: object, at: string, settings: object = {}) => check(entry, at, settings).fields.at(-1);

const hourly = { cron: '0 * * * *' };

test.each([
  ['2026-11-23T08:00:00Z', '09:00-17:00', 'outside of 09:00-17:00', false],
  ['2026-11-23T09:00:00Z', '09:00-17:00', 'in 09:00-17:00', true],
])('between is a field of its own at %s', (at, rule, value, matches) => {
  const entry = { schedule: hourly, between: '09:00-17:00' };
  expect(last(entry, at)).toEqual({ field: 'between', rule: `only ${rule}`, value, matches });
});

test.each([
  [{ exclude: 'off' }, '2026-12-25T09:00:00Z', 'exclude', 'not off', '12-24/01-02', false],
  [{ exclude: 'off' }, '2026-12-05T09:00:00Z', 'exclude', 'not off', 'sat,sun', false],
  [{ exclude: 'off' }, '2026-12-24T22:00:00Z', 'exclude', 'not off', '12-24/01-02, cron * 22 * * *', false],
  [{ exclude: 'off' }, '2026-12-01T09:00:00Z', 'exclude', 'not off', 'outside of off', true],
  [{ only: { dates: ['2026-12-01'] } }, '2026-12-01T09:00:00Z', 'only', 'only 2026-12-01', '2026-12-01', true],
  [
    { only: { dates: ['2026-12-01'] } },
    '2026-12-02T09:00:00Z',
    'only',
    'only 2026-12-01',
    'outside of 2026-12-01',
    false,
  ],
])('%j at %s names the calendar and what of it contains the instant', (limits, at, field, rule, value, matches) => {
  const off = { dates: ['12-24/01-02', '05-17'], weekdays: 'sat,sun', cron: '* 22 * * *' };
  const settings = { calendars: { off } };
  expect(last({ schedule: hourly, ...limits }, at, settings)).toEqual({ field, rule, value, matches });
});

test('exclude names the events of a calendar file', () => {
  const event = (title: string, day: string) =>
    `BEGIN:VEVENT\nSUMMARY:${title}\nDTSTART;VALUE=DATE:${day}\nRRULE:FREQ=YEARLY\nEND:VEVENT`;
  const text = `BEGIN:VCALENDAR\n${event('Christmas Day', '20201225')}\n${event('Freeze\\, 2', '20201225')}\nEND:VCALENDAR`;
  using folder = new Folder();
  const settings = { calendars: { off: { ics: folder.write('off.ics', text) } } };
  const entry = { schedule: hourly, exclude: 'off' };
  expect(last(entry, '2026-12-25T09:00:00Z', settings)).toEqual({
    field: 'exclude',
    rule: 'not off',
    value: 'Christmas Day, Freeze, 2',
    matches: false,
  });
});

test.each([
  ['2026-11-23T10:05:00Z', 'on the grid', true],
  ['2026-11-23T10:35:00Z', '30 minutes after an instant of the grid', false],
])('an interval with an offset has its grid as a field at %s', (at, value, matches) => {
  expect(check({ schedule: '1h', offset: '5m' }, at)).toEqual({
    local: `${at.slice(0, 16).replace('T', ' ')} UTC`,
    fields: [{ field: 'interval', rule: 'every hour, offset 5 minutes', value, matches }],
    notes: [],
  });
});

test('jitter shows the nominal instant of a delayed occurrence, and where a nominal instant went', () => {
  const entry = { schedule: { cron: '0 4 * * *' }, jitter: '10m' };
  const delayed = '2026-11-23T04:03:33.356Z';
  expect(entryOf(entry).schedule.next(new Date('2026-11-23T00:00:00Z'))).toEqual(new Date(delayed));
  const value = '2026-11-23 04:00 is delayed to 2026-11-23 04:03:33.356';
  const field = { field: 'jitter', rule: 'up to 10 minutes later', value };
  expect(check(entry, delayed).local).toBe('2026-11-23 04:00 UTC');
  expect(check(entry, delayed).fields.every(({ matches }) => matches)).toBe(true);
  expect(last(entry, delayed)).toEqual({ ...field, matches: true });
  expect(last(entry, '2026-11-23T04:00:00Z')).toEqual({ ...field, matches: false });
  expect(last(entry, '2026-11-23T05:00:00Z')).toMatchObject({
    value: 'no occurrence is being delayed',
    matches: false,
  });
});

test('bounds are compared in the zone of the entry', () => {
  const entry = { schedule: hourly, timezone: 'Europe/Oslo', from: '2026-11-23T08:00', until: '2026-11-24', count: 3 };
  expect(last(entry, '2026-11-23T06:00:00Z')).toEqual({
    field: 'bounds',
    rule: 'from 2026-11-23 08:00, until 2026-11-24 00:00, 3 times',
    value: '2026-11-23 07:00',
    matches: false,
  });
});

test('a schedule without fields is one field', () => {
  const entry = { schedule: { at: '2030-01-01T09:00' }, exclude: { weekdays: 'sat' } };
  expect(check(entry, '2030-01-01T09:00:00Z').fields).toMatchObject([
    { field: 'schedule', value: 'an occurrence', matches: true },
    { field: 'exclude', matches: true },
  ]);
  expect(check(entry, '2030-01-01T09:01:00Z').fields[0]).toMatchObject({ value: 'no occurrence', matches: false });
});
