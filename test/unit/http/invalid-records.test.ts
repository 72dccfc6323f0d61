import { expect, test } from 'vitest';
import type { BeatConfig } from '../../../src/generated/config-types.ts';
import { OPERATIONS } from '../../../src/http/api/operations.ts';
import { writeInvalidRecords } from '../../support/invalid-records.ts';
import { HttpApp, READ, TOKENS } from '../../support/http-app.ts';

test('http: records with values out of their range are unreadable in their own rows, with their repair', async () => {
  const schedule = { schedule: 60, task: 't' };
  await using app = await HttpApp.open({ http: TOKENS, beatSchedule: { bad: schedule, good: schedule } });
  const token = await app.store.ledger.beginTerm();
  await writeInvalidRecords(app.store, token, 'bad');
  await writeInvalidRecords(app.store, token, null);
  const paths = ['/', '/audit', '/instances', '/entries/bad', '/entries/good'];
  const apis = ['/api/status', '/api/audit', '/api/instances', '/api/entries/good/history'];
  const repairs: Readonly<Record<string, string>> = {
    status: 'beat forget bad',
    audit: 'beat forget --audit bad',
    instances: 'expires by itself within 15 seconds',
    history: 'beat forget --history good',
    'entries/good': 'beat forget --history good',
    '': 'beat forget bad',
    'entries/bad': 'beat forget bad',
  };
  for (const path of [...paths, ...apis]) {
    const response = await app.request(path, { token: READ });
    expect([path, response.status, app.errors]).toEqual([path, 200, []]);
    const text = await response.text();
    const repair = repairs[path.slice(1)] ?? repairs[/\w+$/.exec(path)![0]]!;
    expect(text, path).toContain(repair);
  }
  for (const name of ['audit', 'instances', 'entries/{name}/history']) {
    const path = `/api/${name.replace('{name}', 'good')}`;
    const body: unknown = await (await app.request(path, { token: READ })).json();
    const [, schema] = OPERATIONS[`/api/${name}`]!.answers[200]!;
    expect(schema!.parse(body)).toEqual(body);
    expect(JSON.stringify(body)).toContain('"kind":"unreadable"');
  }
  const why = await app.request('/api/entries/bad/why', { token: READ });
  expect([why.status, await why.text()]).toEqual([409, expect.stringContaining('beat forget bad')]);
  expect(app.errors).toEqual([]);
});

test('http: states at the first and last instants of a Date break no page', async () => {
  const entries: BeatConfig['beatSchedule'] & object = {
    interval: { schedule: 60, task: 't' },
    crontab: { schedule: { crontab: { minute: 0, hour: 4 } }, task: 't' },
    cron: { schedule: { cron: '0 4 * * *', timezone: 'Europe/Berlin' }, task: 't' },
    at: { schedule: { at: '2030-01-01T00:00:00Z' }, task: 't' },
    solar: { schedule: { solar: { event: 'sunrise', lat: 52, lon: 13 } }, task: 't' },
    rrule: { schedule: { rrule: 'FREQ=DAILY;BYHOUR=4' }, task: 't' },
  };
  for (const at of [8_640_000_000_000_000, -8_640_000_000_000_000]) {
    await using app = await HttpApp.open({ http: TOKENS, beatSchedule: entries });
    const token = await app.store.ledger.beginTerm();
    const changes = app.beat.settings.entries.map(({ name, schedule }) => ({
      entry: name,
      before: null,
      messages: [],
      after: { version: 1, rev: 1, spec: schedule.spec, anchor: at, dueAt: at, sentAt: at, taskId: 'id', runCount: 1 },
    }));
    await app.store.ledger.commit({ token, changes });
    for (const path of ['/', '/api/status', ...changes.map(({ entry }) => `/entries/${entry}`)]) {
      const { status } = await app.request(path, { token: READ });
      expect([path, status, app.errors]).toEqual([path, 200, []]);
    }
  }
});
