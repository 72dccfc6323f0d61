import { expect, test } from 'vitest';
import { assemble } from '../../../../src/import/assemble.ts';
import { importRedBeat } from '../../../../src/import/redbeat/convert.ts';

const interval = (every: unknown) => ({ __type__: 'interval', every, relative: false });
const instant = (timezone: unknown, microsecond = 0) => ({
  __type__: 'datetime',
  year: 2026,
  month: 7,
  day: 1,
  hour: 12,
  minute: 0,
  second: 0,
  microsecond,
  timezone,
});
const record = (definition: unknown, meta: unknown = null) => ({
  key: `redbeat:${String((definition as { name?: string } | null)?.name)}`,
  definition: definition === null ? null : JSON.stringify(definition),
  meta: meta === null ? null : JSON.stringify(meta),
});
const simple = (name: string, more: object = {}) => ({
  name,
  task: 't',
  args: null,
  kwargs: null,
  options: {},
  schedule: interval(60),
  enabled: true,
  ...more,
});
const load = (records: Parameters<typeof importRedBeat>[0], timezone?: string) =>
  assemble(importRedBeat(records, timezone), true);
/** What an import lists, without notes. */
const listed = (records: Parameters<typeof importRedBeat>[0], timezone?: string) =>
  load(records, timezone).left.filter(({ kind }) => kind !== 'note');

test('import of RedBeat: an enabled entry that has never run has a note', () => {
  const ran = record(simple('ran'), { last_run_at: instant('UTC') });
  const { left } = load([record(simple('new')), record(simple('off', { enabled: false })), ran]);
  expect(left).toEqual([
    {
      kind: 'note',
      place: 'redbeat:new',
      reason: expect.stringMatching(/^it has never run, so RedBeat would run it at once/) as string,
    },
  ]);
});

test('import of RedBeat: the zone is that of the last runs, unless they differ or it is given', () => {
  const oslo = record(simple('a'), { last_run_at: instant('Europe/Oslo') });
  const offset = record(simple('b'), { last_run_at: instant(7_200) });
  expect(load([oslo, record(simple('b'))]).config.timezone).toBe('Europe/Oslo');
  expect(load([oslo, offset]).config.timezone).toBe('UTC');
  expect(load([offset]).config.timezone).toBe('UTC');
  expect(load([oslo], 'Asia/Tokyo').config.timezone).toBe('Asia/Tokyo');
});

test('import of RedBeat: the zone of crontabs is reported where it is assumed', () => {
  const daily = simple('daily', { schedule: { __type__: 'crontab', minute: '0', hour: '3' } });
  const oslo = { last_run_at: instant('Europe/Oslo') };
  const tokyo = record(simple('tokyo'), { last_run_at: instant('Asia/Tokyo') });
  const assumed = [
    {
      kind: 'different',
      place: 'setting timezone',
      reason:
        'UTC is assumed for crontabs, because the last runs do not name one zone: select that of the Celery app with --timezone ZONE',
    },
  ];
  expect(listed([record(daily)])).toEqual(assumed);
  expect(listed([record(daily, { last_run_at: instant(7_200) })])).toEqual(assumed);
  expect(listed([record(daily, oslo), tokyo])).toEqual(assumed);
  expect(listed([record(daily, oslo)])).toEqual([]);
  expect(listed([record(daily)], 'UTC')).toEqual([]);
  expect(listed([record(simple('interval'))])).toEqual([]);
});

test('import of RedBeat: an instant has an IANA zone, an offset in seconds, or is in UTC', () => {
  const zones = ['Europe/Oslo', 7_200, -12_600, undefined, 'UTC'];
  const all = zones.map((zone, i) => record(simple(String(i), { args: [instant(zone, 7)] })));
  const args = Object.values(load(all).config.beatSchedule).map((entry) => entry.args);
  expect(args).toEqual(
    ['+02:00', '+02:00', '-03:30', '+00:00', '+00:00'].map((offset) => [
      { __type__: 'datetime', __value__: `2026-07-01T12:00:00.000007${offset}` },
    ]),
  );
});

test('import of RedBeat: texts that beat would read as templates are escaped', () => {
  const { config } = load([record(simple('a', { args: ['{{dueAt}} {{ name }}'] }))]);
  expect(config.beatSchedule['a']!.args).toEqual(['\\{{dueAt}} {{ name }}']);
});

test('import of RedBeat: large integers stay exact', () => {
  const definition = JSON.stringify(simple('a')).replace('"args":null', '"args":[12345678901234567890]');
  const { config } = load([{ key: 'redbeat:a', definition, meta: null }]);
  expect(config.beatSchedule['a']!.args).toEqual([12345678901234567890n]);
});

test('import of RedBeat: each entry that cannot be read is listed with its key, and the others are imported', () => {
  const imported = load([
    record(simple('good')),
    { key: 'redbeat:gone', definition: null, meta: null },
    { key: 'redbeat:broken', definition: '{', meta: null },
    { key: 'redbeat:list', definition: '[]', meta: null },
    record(simple('solar', { schedule: { __type__: 'solar' } })),
    record(simple('bare', { schedule: 60 })),
    record(simple('zero', { schedule: interval(0) })),
    record(simple('zone'), { last_run_at: instant('Mars/Base') }),
    record(simple('argument', { args: [interval(5)] })),
    record(simple('more', { more: 1 })),
    { ...record(simple('good')), key: 'redbeat:again' },
  ]);
  expect(Object.keys(imported.config.beatSchedule)).toEqual(['good']);
  expect(imported.left.filter(({ kind }) => kind !== 'note').map(({ place, reason }) => `${place}: ${reason}`)).toEqual(
    [
      'redbeat:again: redbeat:good has the same name, good',
      'redbeat:argument: it has a value of the type interval',
      'redbeat:bare: the schedule is not one of RedBeat',
      expect.stringMatching(/^redbeat:broken: invalid JSON/),
      'redbeat:gone: the definition is missing: RedBeat does not run it',
      'redbeat:list: the definition is not a JSON object',
      'redbeat:more: unknown fields: more',
      'redbeat:solar: unknown schedule type "solar"',
      expect.stringMatching(/^redbeat:zero: /),
      expect.stringMatching(/^redbeat:zone: an invalid datetime: .*Mars/),
    ],
  );
});

test('import of RedBeat: a recurrence rule is imported in the offset that RedBeat computes with', () => {
  const rule = {
    __type__: 'rrule',
    freq: 1,
    interval: 2,
    wkst: null,
    count: null,
    bysetpos: null,
    bymonth: [1, 7],
    bymonthday: null,
    byyearday: null,
    byeaster: null,
    byweekno: null,
    byweekday: [{ __type__: 'weekday', wkday: 4 }, 0],
    byhour: 8,
    byminute: [0, 30],
    bysecond: 0,
    dtstart: Date.UTC(2026, 0, 1, 7) / 1_000,
    dtstart_tz: 120,
    until: Date.UTC(2030, 0, 1) / 1_000,
    until_tz: 120,
  };
  const { config, left: notes } = load([record(simple('rule', { schedule: rule }))]);
  expect(notes.every(({ kind }) => kind === 'note')).toBe(true);
  expect(config.beatSchedule['rule']).toMatchObject({
    schedule: {
      rrule: 'FREQ=MONTHLY;INTERVAL=2;UNTIL=20300101T000000Z;BYDAY=FR,MO;BYMONTH=1,7;BYHOUR=8;BYMINUTE=0,30;BYSECOND=0',
      dtstart: '2026-01-01T07:00:00Z',
      timezone: 'Etc/GMT-2',
    },
  });
  const reasons = [{ byeaster: 0 }, { dtstart_tz: 330 }].map(
    (more) => load([record(simple('rule', { schedule: { ...rule, ...more } }))]).left[0]?.reason,
  );
  expect(reasons).toEqual(['beat has no byeaster', 'its offset of 330 minutes is not a whole hour']);
});
