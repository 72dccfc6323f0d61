import { describe, expect, test } from 'vitest';
import { importDjango } from '../../../../src/import/django/convert.ts';
import { checkTables, TABLES } from '../../../../src/import/django/tables.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

const NOW = Date.parse('2027-03-01T12:00:00Z');

type Row = Readonly<Record<string, string | null>>;

const TASK: Row = {
  ...{ id: '1', name: 'backup', task: 'shop.backup', args: '[]', kwargs: '{}', headers: '{}', description: '' },
  ...{ queue: null, exchange: null, routing_key: null, priority: null, expires: null, expire_seconds: null },
  ...{ one_off: '0', enabled: '1', start_time: null, last_run_at: null, total_run_count: '0' },
  ...{ date_changed: '2027-03-01 00:00:00' },
  ...{ interval_id: null, crontab_id: null, solar_id: null, clocked_id: null },
};
const SCHEDULES: Readonly<Record<string, readonly Row[]>> = {
  intervalschedule: [
    { id: '1', every: '5', period: 'minutes' },
    { id: '2', every: '7000', period: 'microseconds' },
    ...['days', 'hours', 'seconds'].map((period, i) => ({ id: String(3 + i), every: '2', period })),
  ],
  crontabschedule: [
    {
      ...{ id: '1', minute: '30', hour: '4', day_of_week: '*', day_of_month: '*', month_of_year: '*' },
      timezone: 'Europe/Oslo',
    },
  ],
  solarschedule: [{ id: '1', event: 'sunset', latitude: '59.9', longitude: '10.7' }],
  clockedschedule: [{ id: '1', clocked_time: '2028-01-01 08:00:00' }],
};

const rowsOf = (tasks: readonly Row[]) =>
  new Map(TABLES.map((name) => [name, name.endsWith('periodictask') ? tasks : SCHEDULES[name.split('_').at(-1)!]!]));

function load(...tasks: readonly Row[]) {
  const rows = tasks.map((task, i) => ({ ...TASK, id: String(i + 1), ...task }));
  return importDjango(checkTables(rowsOf(rows)), { timezone: 'Europe/Oslo', now: NOW, lastRuns: false });
}
/** The fields of the only entry. */
const fieldsOf = (task: Row) => {
  const { entries, left } = load({ interval_id: '1', ...task });
  expect(left).toEqual([]);
  return entries[0]!.fields;
};

describe('import of Django: a periodic task', () => {
  test('becomes an entry in the zone of the file', () => {
    const { settings, entries, left } = load({ interval_id: '1' });
    expect([settings, left]).toEqual([{ timezone: 'Europe/Oslo' }, []]);
    expect(entries).toMatchObject([{ name: 'backup', place: 'periodic task "backup"' }]);
    expect(entries[0]!.fields).toEqual({ task: 'shop.backup', schedule: '5m' });
  });

  test.each<[string, Row, object]>([
    ['an interval of days', { interval_id: '3' }, { schedule: '2d' }],
    ['an interval of hours', { interval_id: '4' }, { schedule: '2h' }],
    ['an interval of seconds', { interval_id: '5' }, { schedule: '2s' }],
    ['an interval of microseconds', { interval_id: '2' }, { schedule: { timedelta: { microseconds: 7_000 } } }],
    ['a crontab', { crontab_id: '1' }, { schedule: { crontab: { minute: '30', hour: '4' } } }],
    ['the sun', { solar_id: '1' }, { schedule: { solar: { event: 'sunset', latitude: 59.9, longitude: 10.7 } } }],
    ['an instant', { clocked_id: '1', one_off: '1' }, { schedule: { at: '2028-01-01T07:00:00.000Z' } }],
  ])('with %s has its schedule', (_, columns, fields) => {
    expect(fieldsOf({ interval_id: null, ...columns })).toEqual({ task: 'shop.backup', ...fields });
  });

  test('with a crontab of another zone than the file has that zone', () => {
    const tables = checkTables(rowsOf([{ ...TASK, crontab_id: '1' }]));
    const { entries } = importDjango(tables, { timezone: 'UTC', now: NOW, lastRuns: false });
    expect(entries[0]!.fields).toMatchObject({ timezone: 'Europe/Oslo' });
  });

  test('has the first schedule in the order of Django', () => {
    const all = { interval_id: '1', crontab_id: '1', solar_id: '1', clocked_id: '1' };
    const scheduleOf = (columns: Row) => fieldsOf({ ...all, ...columns }).schedule;
    expect(scheduleOf({})).toBe('5m');
    expect(scheduleOf({ interval_id: null })).toHaveProperty('crontab');
    expect(scheduleOf({ interval_id: null, crontab_id: null })).toHaveProperty('solar');
  });

  test('has its arguments and its description; texts of templates are escaped', () => {
    const fields = fieldsOf({ args: '["{{ dueAt }}", 1]', kwargs: '{"a": "{{entry}}"}', description: 'Nightly' });
    expect(fields).toEqual({
      ...{ description: 'Nightly', task: 'shop.backup', schedule: '5m' },
      ...{ args: [String.raw`\{{ dueAt }}`, 1], kwargs: { a: String.raw`\{{entry}}` } },
    });
    expect(fieldsOf({ args: '', kwargs: null, headers: null })).toEqual({ task: 'shop.backup', schedule: '5m' });
  });

  test('has the options of its message', () => {
    const options = { queue: 'q', exchange: 'x', routing_key: 'r', priority: '0', expire_seconds: '60' };
    expect(fieldsOf({ ...options, headers: '{"team": "{{entry}}"}' })).toMatchObject({
      options: {
        ...{ queue: 'q', exchange: 'x', routingKey: 'r', priority: 0, expires: 60 },
        headers: { team: String.raw`\{{entry}}` },
      },
    });
    expect(fieldsOf({ queue: '', exchange: '', routing_key: '' })).not.toHaveProperty('options');
  });

  test('that ends has messages that expire then', () => {
    const fields = fieldsOf({
      expires: '2027-03-02 12:00:00',
      expire_seconds: '60',
      last_run_at: '2027-03-01 12:00:00',
    });
    expect(fields).toMatchObject({
      until: '2027-03-02T10:59:59.999Z',
      options: { expires: '2027-03-02T11:00:00.000Z' },
    });
  });

  test.each([
    ['t', true],
    ['True', true],
    ['1', true],
    ['f', false],
    ['0', false],
    [null, false],
  ])('with the flag %j in the column enabled runs: %s', (flag, runs) => {
    expect(fieldsOf({ enabled: flag }).enabled ?? true).toBe(runs);
  });

  test('that cannot be converted is listed with the reason, and the others are imported', () => {
    const { entries, left } = load(
      { name: 'none' },
      { name: 'gone', interval_id: '99' },
      { name: 'args', interval_id: '1', args: '{}' },
      { name: 'json', interval_id: '1', kwargs: '{' },
      { name: 'clock', clocked_id: '1', last_run_at: 'soon' },
      { name: 'good', interval_id: '1' },
    );
    expect(entries.map(({ name }) => name)).toEqual(['good']);
    expect(left).toEqual([
      { place: 'periodic task "none"', reason: 'it has no schedule' },
      { place: 'periodic task "gone"', reason: 'its schedule was removed from the database' },
      { place: 'periodic task "args"', reason: 'args: expected a JSON list' },
      { place: 'periodic task "json"', reason: expect.stringMatching(/^kwargs: /) as string },
      { place: 'periodic task "clock"', reason: '"soon" is not an instant' },
    ]);
  });

  test('with a crontab that is due before its start is listed as different', () => {
    const task = { crontab_id: '1', start_time: '2027-03-05 12:00:00', last_run_at: '2027-03-01 04:30:00' };
    expect(load(task).left).toEqual([
      {
        ...{ kind: 'different', place: 'periodic task "backup"' },
        reason: expect.stringMatching(/^an instant before start_time counts as missed/) as string,
      },
    ]);
  });
});

describe('import of Django: the tables', () => {
  const check = (change: (rows: Map<string, readonly Row[]>) => void) => () => {
    const rows = new Map<string, readonly Row[]>(rowsOf([TASK]));
    change(rows);
    checkTables(rows);
  };
  const PREFIX = 'django_celery_beat_';

  test('have the rows by their ids', () => {
    const tables = checkTables(rowsOf([TASK, { ...TASK, id: '7' }]));
    expect([...tables.periodictask.keys()]).toEqual(['1', '7']);
    expect(tables.clockedschedule.get('1')).toEqual(SCHEDULES['clockedschedule']![0]);
    expect(TABLES).toEqual(
      ['periodictask', 'intervalschedule', 'crontabschedule', 'solarschedule', 'clockedschedule'].map(
        (name) => PREFIX + name,
      ),
    );
  });

  test('may be empty, and clocked schedules of older versions have a flag', () => {
    expect(check((rows) => rows.set(`${PREFIX}periodictask`, []))).not.toThrow();
    const flagged = [{ ...SCHEDULES['clockedschedule']![0]!, enabled: '1' }];
    expect(check((rows) => rows.set(`${PREFIX}clockedschedule`, flagged))).not.toThrow();
  });

  test.each<[string, (rows: Map<string, readonly Row[]>) => void]>([
    ['the database has no tables of django-celery-beat: is it another one?', (rows) => rows.clear()],
    ['the tables django_celery_beat_solarschedule are missing;', (rows) => void rows.delete(`${PREFIX}solarschedule`)],
    [
      'missing columns in django_celery_beat_solarschedule: event, longitude;',
      (rows) => void rows.set(`${PREFIX}solarschedule`, [{ id: '1', latitude: '1' }]),
    ],
    [
      'unknown columns in django_celery_beat_periodictask: color;',
      (rows) => void rows.set(`${PREFIX}periodictask`, [{ ...TASK, color: 'red' }]),
    ],
  ])('of another version are rejected: %s', (message, change) => {
    expect(check(change)).toThrow(ConfigError);
    expect(check(change)).toThrow(message);
  });
});
