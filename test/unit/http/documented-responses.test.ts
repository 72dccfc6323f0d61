import { afterAll, beforeAll, expect, test } from 'vitest';
import { streamed } from '../../../src/http/api/openapi.ts';
import { OPERATIONS } from '../../../src/http/api/operations.ts';
import type { OutcomeRow } from '../../../src/contracts/store/history.ts';
import { CHANGE, HttpApp, READ, TOKENS } from '../../support/http-app.ts';

// A response with a field that its schema does not have differs from what the schema makes of it.

const CONFIG = {
  http: TOKENS,
  beatSchedule: {
    backup: { task: 'shop.backup', schedule: { cron: '0 3 * * *' }, description: 'Nightly' },
    paused: { task: 'shop.paused', schedule: { cron: '0 4 * * *' }, timezone: 'Europe/Oslo' },
    skipped: { task: 'shop.skipped', schedule: { cron: '0 5 * * *' } },
    disabled: { task: 'shop.disabled', schedule: 60, enabled: false },
  },
};

let leader: HttpApp;
let lonely: HttpApp;

async function call(app: HttpApp, path: string, json?: object): Promise<[number, unknown]> {
  const options = { token: CHANGE, ...(json && { json }) };
  const response = await app.request(`/api${path}`, options);
  return [response.status, await response.json()];
}

beforeAll(async () => {
  leader = await HttpApp.open(CONFIG, { lead: true });
  lonely = await HttpApp.open(CONFIG);
  for (const command of [
    { do: 'run', entry: 'backup', reason: 'after the migration' },
    { do: 'pause', entry: 'paused', reason: 'migration', until: '2099-01-01T00:00:00Z' },
    { do: 'skip', entry: 'skipped' },
    { do: 'add', entry: 'stored', definition: { task: 'mail.send', schedule: 60 } },
  ]) {
    expect(await call(leader, '/commands', command)).toMatchObject([200, { status: 'applied' }]);
  }
  const { rows } = await leader.store.history!.read('backup', { limit: 1 });
  const [run] = rows;
  if (run?.kind !== 'run') throw new Error('no run was recorded');
  const { taskId, dueAt, sentAt } = run;
  const row: OutcomeRow = {
    kind: 'outcome',
    taskId,
    dueAt,
    state: 'FAILURE',
    doneAt: sentAt,
    runtimeMs: 90,
    worker: 'celery@one',
    error: 'OSError: disk is full',
  };
  await leader.store.history!.append([{ entry: 'backup', row }]);
});
afterAll(async () => {
  await leader[Symbol.asyncDispose]();
  await lonely[Symbol.asyncDispose]();
});

test.each<[operation: string, path: string, status: number, command?: object]>([
  ['/api/status', '/status?limit=100', 200],
  ['/api/status', '/status?search=o&limit=1', 200],
  ...['backup', 'paused', 'skipped', 'disabled', 'stored'].map((name): [string, string, number] => [
    '/api/entries/{name}',
    `/entries/${name}`,
    200,
  ]),
  ['/api/entries/{name}', '/entries/absent', 404],
  ['/api/entries/{name}/next', '/entries/skipped/next?count=3', 200],
  ['/api/entries/{name}/next', '/entries/absent/next', 404],
  ['/api/entries/{name}/history', '/entries/backup/history', 200],
  ['/api/entries/{name}/history', '/entries/absent/history', 404],
  ['/api/entries/{name}/why', '/entries/backup/why', 200],
  ['/api/entries/{name}/why', '/entries/backup/why?at=2099-01-01T03:00:00Z', 200],
  ['/api/entries/{name}/why', '/entries/paused/why?at=2020-01-01T03:00:00Z', 200],
  ['/api/entries/{name}/why', '/entries/absent/why', 404],
  ['/api/audit', '/audit', 200],
  ['/api/instances', '/instances', 200],
  ['/api/commands', '/commands', 200, { do: 'run', entry: 'backup' }],
  ['/api/commands', '/commands', 409, { do: 'resume', entry: 'backup' }],
])('%s: the response to %s has status %i and the documented fields', async (...given) => {
  const [operation, path, status, command] = given;
  const [got, body] = await call(leader, path, command);
  expect(got).toBe(status);
  const [, schema] = OPERATIONS[operation]!.answers[status]!;
  expect(schema!.parse(body)).toEqual(body);
});

test('/api/entries/{name}/history: a page with the runs of the page before has their outcomes', async () => {
  const [, first] = await call(leader, '/entries/backup/history?limit=2');
  expect(first).toMatchObject({ rows: [{ number: 2, outcome: null }] });
  const { next } = first as { readonly next: string };
  const [, second] = await call(leader, `/entries/backup/history?limit=1&before=${next}`);
  expect(second).toMatchObject({
    rows: [
      {
        kind: 'run',
        sentAt: expect.stringMatching(/Z$/) as string,
        outcome: { state: 'FAILURE', runtimeMs: 90, doneAt: expect.stringMatching(/Z$/) as string },
      },
    ],
  });
});

test('/api/events: each event has the documented fields', async () => {
  const response = await leader.request('/api/events?entry=backup', { token: READ });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  // Changes all of them: the newest command, the state of the entry and the counts. The announcement shows no change.
  await leader.store.instances.announce({
    id: 'other',
    host: 'alpha',
    pid: 7,
    version: '1.2.3',
    role: 'follower',
    term: null,
    startedAt: 0,
    skewMs: null,
  });
  await call(leader, '/commands', { do: 'run', entry: 'backup' });
  const seen = new Set<string>();
  let text = '';
  while (seen.size < 4) {
    text += (await reader.read()).value ?? '';
    for (const [whole, name, data] of text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)) {
      const body: unknown = JSON.parse(data!);
      expect(streamed.shape[name as keyof typeof streamed.shape].parse(body)).toEqual(body);
      seen.add(name!);
      text = text.replace(whole, '');
    }
  }
  expect([...seen].toSorted()).toEqual(['audit', 'day', 'instances', 'status']);
  await reader.cancel();
});

test('/api/commands: the response while no instance leads has the documented fields', async () => {
  const [status, body] = await call(lonely, '/commands?wait=0', { do: 'run', entry: 'backup' });
  const [, schema] = OPERATIONS['/api/commands']!.answers[202]!;
  expect([status, schema!.parse(body)]).toEqual([202, body]);
});

test.each([
  ['/status?limit=0', undefined],
  ['/entries/backup/why?at=noon', undefined],
  ['/commands', { do: 'pause', entri: 'backup' }],
])('the problems of %s have the documented fields', async (path, command) => {
  const [status, body] = await call(leader, path, command);
  const [, problem] = OPERATIONS['/api/entries/{name}']!.answers[404]!;
  expect([status, problem!.parse(body)]).toEqual([422, body]);
});
