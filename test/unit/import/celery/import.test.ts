import { describe, expect, test } from 'vitest';
import { assemble } from '../../../../src/import/assemble.ts';
import { importApp as convertApp } from '../../../../src/import/celery/import.ts';
import type { CeleryMessage, Exported, ExportedEntry } from '../../../../src/import/celery/exported.ts';

const AT = Date.UTC(2026, 10, 22, 12);

/** What Celery publishes for the task `tidy` without arguments. */
function makeMessage(parts: Partial<CeleryMessage> = {}): CeleryMessage {
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
  return {
    at: AT,
    exchange: '',
    routing_key: 'celery',
    priority: 0,
    content_type: 'application/json',
    content_encoding: 'utf-8',
    body: Buffer.from(JSON.stringify([[], {}, embed])).toString('base64'),
    properties: { correlation_id: 'id', reply_to: 'me', delivery_mode: 2 },
    ...parts,
    headers: { task: 'tidy', id: 'id', retries: 0, timelimit: [null, null], ...parts.headers },
  };
}

function makeExport(parts: Partial<ExportedEntry> = {}, more: Partial<Exported> = {}): Exported {
  const entry = { task: 'tidy', schedule: 60 };
  return {
    celery: '5.7.0',
    scheduler: 'celery.beat.PersistentScheduler',
    problems: [],
    settings: { broker_url: 'redis://localhost:6379/0', result_expires: null },
    entries: [{ name: 'tidy', installed: false, entry, messages: [makeMessage()], ...parts }],
    ...more,
  };
}

const importApp = (exported: Exported) => convertApp(exported, { now: AT, lastRuns: false });
const listed = (exported: Exported) => importApp(exported).left;

describe('import celery: an entry', () => {
  test('with the message of Celery is imported without a warning', () => {
    expect(listed(makeExport())).toEqual([]);
  });

  test.each<[string, Partial<CeleryMessage>, string]>([
    ['queue', { routing_key: 'slow' }, 'routing key: Celery "slow", beat "celery"'],
    ['exchange', { exchange: 'media' }, 'exchange: Celery "media", beat ""'],
    ['priority', { priority: 3 }, 'priority: Celery 3, beat 0'],
    ['delivery mode', { properties: { delivery_mode: 1 } }, 'delivery mode: Celery 1, beat 2'],
    ['header', { headers: { team: 'ops' } }, 'header team: Celery "ops", beat none'],
    ['time limit', { headers: { timelimit: [60, null] } }, 'header timelimit: Celery [60,null], beat [null,null]'],
    ['result', { headers: { ignore_result: true } }, 'header ignore_result: Celery true, beat false'],
    [
      'expiry',
      { headers: { expires: '2026-11-22T12:01:00+00:00' } },
      'expires: Celery "2026-11-22T12:01:00+00:00", beat none',
    ],
    ['arguments', { body: Buffer.from('[[1], {}, {}]').toString('base64') }, 'arguments: they differ'],
    [
      'content',
      { content_type: 'application/x-yaml' },
      'content type: Celery "application/x-yaml", beat "application/json"',
    ],
  ])('whose message has another %s is listed', (_part, message, reason) => {
    expect(listed(makeExport({ messages: [makeMessage(message)] }))).toContainEqual({
      place: 'entry tidy',
      reason,
      kind: 'different',
    });
  });

  test('whose expiry differs by the time that Celery took is not listed', () => {
    const entry = { task: 'tidy', schedule: 60, options: { expires: 60 } };
    const headers = { expires: '2026-11-22T12:01:00.250000+00:00' };
    const properties = { delivery_mode: 2, expiration: '60000' };
    expect(listed(makeExport({ entry, messages: [makeMessage({ headers, properties })] }))).toEqual([]);
  });

  test('that Celery before 5.2 sends, without the time to live of the broker, is not listed', () => {
    const entry = { task: 'tidy', schedule: 60, options: { expires: 60 } };
    const headers = { expires: '2026-11-22T12:01:00+00:00' };
    expect(listed(makeExport({ entry, messages: [makeMessage({ headers })] }))).toEqual([]);
  });

  test('whose arguments contain a template of beat is sent as it is', () => {
    const entry = { task: 'tidy', schedule: 60, args: ['{{dueAt}}'] };
    const body = Buffer.from(
      '[["{{dueAt}}"], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
    ).toString('base64');
    expect(listed(makeExport({ entry, messages: [makeMessage({ body })] }))).toEqual([]);
  });

  test('that beat rejects has only the reason of beat', () => {
    const problem = { what: 'it is odd', instead: 'do it', entries: ['tidy', 'other'] } as const;
    const exported = makeExport(
      { entry: { task: 'tidy', schedule: 0 } },
      { problems: [{ ...problem, kind: 'different' }] },
    );
    expect(listed(exported)).toEqual([]);
    expect(importApp(exported).entries).toHaveLength(1);
  });
});

test('import celery: one line lists the entries whose messages differ in the same way', () => {
  const content = { content_type: 'application/x-python-serialize', content_encoding: 'binary' };
  const message = makeMessage({ ...content, body: 'gASVCgAAAA==' });
  const entry = { task: 'tidy', schedule: 60 };
  const entries = ['a', 'b'].map((name) => ({ name, installed: false, entry, messages: [message] }));
  expect(listed({ ...makeExport(), entries })).toEqual([
    {
      place: 'entries a, b',
      reason: 'content type: Celery "application/x-python-serialize", beat "application/json"',
      kind: 'different',
    },
  ]);
});

test('import celery: a problem of several entries is one line with their names', () => {
  const entry = { task: 'tidy', schedule: 60 };
  const entries = ['a', 'b'].map((name) => ({ name, installed: false, entry, messages: [] }));
  const problem = { kind: 'different', what: 'x has run', instead: 'do y' } as const;
  const exported = { ...makeExport(), entries, problems: [{ ...problem, entries: ['a', 'b'] }] };
  expect(listed(exported)).toEqual([{ place: 'entries a, b', reason: 'x has run; do y', kind: 'different' }]);
});

describe('import celery: a group', () => {
  const entry = { task: { group: [{ task: 'tidy' }, { task: 'tidy' }] }, schedule: 60 };
  const part = (number: number, headers: CeleryMessage['headers'] = {}) => {
    const id = (text: string) => `00000000-0000-4000-8000-00000000000${text}`;
    const ids = { id: id(`${number}`), root_id: id(`${number}`), group: id('9') };
    return makeMessage({ headers: { ...ids, ...headers } });
  };

  test('with the messages of Celery but for ids is imported without a warning', () => {
    expect(listed(makeExport({ entry, messages: [part(1), part(2)] }))).toEqual([]);
  });

  test('with a message in another group is listed', () => {
    const group = '00000000-0000-4000-8000-000000000008';
    const [line] = listed(makeExport({ entry, messages: [part(1), part(2, { group })] }));
    expect(line!.reason).toMatch(/^message 2: header group: Celery "id \d", beat "id \d"$/);
  });

  test('with another number of messages is listed', () => {
    expect(listed(makeExport({ entry, messages: [part(1)] }))).toMatchObject([
      { reason: 'messages: Celery 1, beat 2' },
    ]);
  });
});

test('import celery: a chain whose second task has other arguments is listed', () => {
  const entry = { task: { chain: [{ task: 'tidy' }, { task: 'next', args: [1] }] }, schedule: 60 };
  const exportWith = (args: readonly number[]) => {
    const options = { task_id: '00000000-0000-4000-8000-000000000002', reply_to: 'me' };
    const next = { task: 'next', args, kwargs: {}, options, subtask_type: null };
    const embed = { callbacks: null, errbacks: null, chain: [{ ...next, immutable: false }] };
    const body = JSON.stringify([[], {}, { ...embed, chord: null }]);
    const id = '00000000-0000-4000-8000-000000000001';
    const headers = { id, root_id: id };
    const message = makeMessage({ headers, body: Buffer.from(body).toString('base64') });
    return makeExport({ entry, messages: [message] });
  };
  expect(listed(exportWith([1]))).toEqual([]);
  expect(listed(exportWith([2]))).toMatchObject([{ reason: 'arguments: they differ' }]);
});

describe('import celery: the nightly cleanup', () => {
  const names = (exported: Exported) => importApp(exported).entries.map(({ name }) => name);
  const task = 'celery.backend_cleanup';
  const headers = { task, expires: '2026-11-23T00:00:00+00:00' };
  const properties = { delivery_mode: 2, expiration: '43200000' };
  const cleanup = {
    name: task,
    installed: true,
    messages: [makeMessage({ headers, properties })],
    entry: { task, schedule: { crontab: { minute: '0', hour: '4' } }, options: { expires: 43_200 } },
  };

  test('is not written where beat adds it as Celery does', () => {
    const settings = { result_backend: 'db+sqlite:///results.sqlite' };
    const exported = makeExport({}, { settings });
    expect(names({ ...exported, entries: [...exported.entries, cleanup] })).toEqual(['tidy']);
  });

  test('is written where beat would not add it', () => {
    const exported = makeExport();
    expect(names({ ...exported, entries: [...exported.entries, cleanup] })).toEqual([
      ...['tidy', 'celery.backend_cleanup'],
    ]);
  });

  test('is written where Celery adds it with another message than beat', () => {
    const settings = { result_backend: 'db+sqlite:///results.sqlite' };
    const exported = makeExport({}, { settings });
    const message = makeMessage({ headers: { ...headers, timelimit: [60, null] }, properties });
    const entry = { ...cleanup.entry, options: { expires: 43_200, time_limit: 60 } };
    const limited = { ...exported, entries: [...exported.entries, { ...cleanup, messages: [message], entry }] };
    expect(names(limited)).toEqual(['tidy', task]);
    expect(listed(limited)).toEqual([]);
  });

  test('is written where it is disabled', () => {
    const settings = { result_backend: 'db+sqlite:///results.sqlite' };
    const exported = makeExport({}, { settings });
    const entry = { ...cleanup.entry, enabled: false };
    const { entries } = importApp({ ...exported, entries: [...exported.entries, { ...cleanup, entry }] });
    expect(entries.at(-1)).toMatchObject({ name: task, fields: { enabled: false } });
  });

  test('is left out, with the reason, where no queue gets it', () => {
    const settings = {
      result_backend: 'db+sqlite:///results.sqlite',
      task_create_missing_queues: false,
      task_queues: { night: {} },
      task_routes: { tidy: 'night' },
    };
    const exported = makeExport({ messages: [makeMessage({ routing_key: 'night' })] }, { settings });
    const found = importApp({ ...exported, entries: [...exported.entries, { ...cleanup, messages: [] }] });
    const { config, left } = assemble(found, false);
    expect(config).toMatchObject({ resultExpires: null });
    expect(Object.keys(config.beatSchedule)).toEqual(['tidy']);
    expect(left).toEqual([
      { place: `entry ${task}`, reason: expect.stringContaining('no queue "celery" in taskQueues') as string },
    ]);
  });

  test('is disabled where Celery does not add it', () => {
    const settings = { result_backend: 'db+sqlite:///results.sqlite' };
    const { entries } = importApp(makeExport({}, { settings }));
    expect(entries.at(-1)).toMatchObject({ name: 'celery.backend_cleanup', fields: { enabled: false } });
  });
});

describe('import celery: a row of django-celery-beat', () => {
  const NONE = { one_off: false, enabled: true, total_run_count: 0, start_time: null };
  const ROW = { ...NONE, expires: null, last_run_at: null, date_changed: null };
  const SECOND = 1_000;
  const instant = (seconds: number) => new Date(AT + seconds * SECOND).toISOString();
  const MINUTELY: ExportedEntry['entry'] = { task: 'tidy', schedule: 60 };
  const HOURLY = { task: 'tidy', schedule: { crontab: { minute: 0 } } };
  const convert = (row: Partial<NonNullable<ExportedEntry['row']>>, { lastRuns = false, entry = MINUTELY } = {}) => {
    const exported = makeExport({ entry, messages: [], row: { ...ROW, ...row } });
    const { entries, left } = convertApp(exported, { now: AT, lastRuns });
    return { entry: entries[0], left };
  };

  test('that runs once is due at one instant, an interval after its last change', () => {
    const { entry, left } = convert({ one_off: true, date_changed: instant(-20) });
    expect(left).toEqual([]);
    expect(entry?.fields).toEqual({ task: 'tidy', schedule: { at: instant(40) } });
    expect(entry?.upcoming?.(new Date(AT), 2)).toEqual([new Date(instant(40)), null]);
  });

  test('that runs once and is overdue is listed, unless the last runs are imported', () => {
    const row = { one_off: true, date_changed: instant(-90) };
    const { entry, left } = convert(row);
    expect(entry).toBeUndefined();
    expect(left).toEqual([{ place: 'entry tidy', reason: expect.stringContaining('--last-runs') as string }]);
    const imported = convert(row, { lastRuns: true }).entry;
    expect(imported).toMatchObject({ lastRunAt: AT - 31 * SECOND });
    expect(imported?.fields).toEqual({ task: 'tidy', schedule: { at: instant(-30) } });
  });

  test('that has run once is disabled', () => {
    const { entry } = convert({ one_off: true, total_run_count: 1, last_run_at: instant(-9) });
    expect(entry?.fields).toMatchObject({ enabled: false });
  });

  test('with start_time and expires has limits, and counts from its first run', () => {
    const { entry } = convert({ start_time: instant(600), expires: instant(1_200) });
    expect(entry?.fields).toEqual({
      task: 'tidy',
      schedule: 60,
      from: instant(600),
      until: new Date(AT + 1_200 * SECOND - 1).toISOString(),
    });
  });

  test('with expires has no instants from then on, among those that Celery computed', () => {
    const upcoming = [instant(-60), instant(60), instant(120), instant(180), null];
    const row = { ...ROW, expires: instant(120) };
    const exported = makeExport({ entry: MINUTELY, messages: [], row, upcoming });
    const [entry] = convertApp(exported, { now: AT, lastRuns: false }).entries;
    expect(entry?.upcoming?.(new Date(AT), 3)).toEqual([new Date(instant(60)), null, null]);
  });

  test('with a crontab that is due before start_time is listed, because Django runs it then', () => {
    const { left } = convert({ start_time: instant(5_400) }, { entry: HOURLY });
    expect(left).toEqual([
      {
        kind: 'different',
        place: 'entry tidy',
        reason: expect.stringContaining(`first at ${instant(7_200)}`) as string,
      },
    ]);
    const next = { start_time: instant(3_600), last_run_at: instant(-10) };
    expect(convert(next, { entry: HOURLY }).left).toHaveLength(1);
    expect(convert({ ...next, last_run_at: instant(0) }, { entry: HOURLY }).left).toEqual([]);
  });

  test('with a schedule that beat rejects is listed with the reason', () => {
    const entry = { task: 'tidy', schedule: { crontab: { minute: 61 } } };
    const exported = makeExport({ entry, messages: [], row: ROW });
    const found = convertApp(exported, { now: AT, lastRuns: false });
    expect(assemble(found, false).left).toEqual([
      { place: 'entry tidy', reason: expect.stringContaining('61') as string },
    ]);
  });
});

describe('import celery: a rule of RedBeat', () => {
  const convert = (rule: object) =>
    importApp(makeExport({ entry: { task: 'tidy', schedule: { __type__: 'rrule', ...rule } }, messages: [] }));

  test('is imported', () => {
    const { entries, left } = convert({ freq: 3, interval: 2, dtstart: AT / 1_000, dtstart_tz: 60 });
    expect(left).toEqual([]);
    expect(entries[0]?.fields.schedule).toEqual({
      rrule: 'FREQ=DAILY;INTERVAL=2',
      dtstart: '2026-11-22T12:00:00Z',
      timezone: 'Etc/GMT-1',
    });
  });

  test('that beat does not have is listed', () => {
    const { entries, left } = convert({ freq: 3, interval: 1, byeaster: 1, dtstart: 0 });
    expect(entries).toEqual([]);
    expect(left).toEqual([{ place: 'entry tidy', reason: 'beat has no byeaster' }]);
  });
});
