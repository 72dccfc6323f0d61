import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { OPERATIONS } from '../../../src/http/api/operations.ts';
import type { StateStore } from '../../../src/contracts/store/store.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { CHANGE, HttpApp, READ, TOKENS, type RequestOptions } from '../../support/http-app.ts';

const CONFIG = {
  http: TOKENS,
  beatSchedule: {
    backup: { task: 'shop.backup', schedule: { cron: '0 3 * * *' }, description: 'Nightly' },
    digest: { task: 'mail.digest', schedule: { cron: '0 7 * * mon' } },
    report: { task: 'shop.report', schedule: 3_600, enabled: false },
  },
};

type Json = Readonly<Record<string, unknown>>;

async function read(app: HttpApp, path: string, options: RequestOptions = {}): Promise<Json> {
  const response = await app.request(path, { token: READ, ...options });
  return { status: response.status, ...((await response.json()) as Json) };
}

const send = (app: HttpApp, json: unknown, query = '') => read(app, `/api/commands${query}`, { token: CHANGE, json });

const names = ({ entries }: Json) => (entries as { entry: string }[]).map(({ entry }) => entry);

describe('GET /api/status', () => {
  test('lists entries of the configuration in their order, then stored entries, by pages', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    for (const entry of ['stored-1', 'stored-2']) {
      const definition = { task: 'mail.send', schedule: 60 };
      expect(await send(app, { do: 'add', entry, definition })).toMatchObject({ status: 'applied' });
    }
    const all: string[] = [];
    let after = '';
    for (let pages = 0; pages < 10; pages++) {
      const page = await read(app, `/api/status?limit=2${after}`);
      all.push(...names(page));
      if (page['next'] === null) break;
      after = `&after=${encodeURIComponent(page['next'] as string)}`;
    }
    expect(all).toEqual(['backup', 'digest', 'report', 'stored-1', 'stored-2']);
  });

  test('has the fields of beat list --json', async () => {
    await using app = await HttpApp.open(CONFIG);
    const { entries, declared } = await read(app, '/api/status?search=backup');
    expect(declared).toBe(3);
    expect(entries).toEqual([
      {
        entry: 'backup',
        source: 'configuration',
        task: 'shop.backup',
        schedule: expect.any(String) as string,
        description: 'Nightly',
        timezone: 'UTC',
        enabled: true,
        paused: null,
        skipping: [],
        lastDueAt: null,
        lastSentAt: null,
        lastTaskId: null,
        lastSkipped: null,
        lastOutcome: null,
        runCount: 0,
        nextDueAt: expect.stringMatching(/T03:00:00.000Z$/) as string,
      },
    ]);
  });

  test.each([
    ['digest', ['digest']],
    ['SHOP.', ['backup', 'report']],
    ['stored', ['stored-1']],
    ['1', ['stored-1']],
    ['STORED', ['stored-1']],
    ['absent', []],
  ])('finds by a part of the name or the task: %s', async (search, found) => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    await send(app, { do: 'add', entry: 'stored-1', definition: { task: 't', schedule: 60 } });
    expect(names(await read(app, `/api/status?search=${search}`))).toEqual(found);
  });

  test('reports all invalid parameters, with the closest name', async () => {
    await using app = await HttpApp.open(CONFIG);
    expect(await read(app, '/api/status?limit=0&serch=x')).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      errors: [
        { path: ['limit'], message: 'expected a whole number from 1 to 1000, got "0"' },
        { path: ['serch'], message: 'unknown key; did you mean "search"?' },
      ],
    });
  });
});

describe('GET /api/entries', () => {
  test('shows an entry and its next instants', async () => {
    await using app = await HttpApp.open(CONFIG);
    expect(await read(app, '/api/entries/digest')).toMatchObject({ entry: 'digest', task: 'mail.digest' });
    const { next } = await read(app, '/api/entries/digest/next?count=3');
    expect(next).toHaveLength(3);
    const [first, second] = (next as string[]).map((each) => Date.parse(each));
    expect(second! - first!).toBe(7 * 24 * 3_600_000);
    expect(await read(app, '/api/entries/report/next')).toMatchObject({ next: [] });
  });

  test('answers 404 for an unknown entry', async () => {
    await using app = await HttpApp.open(CONFIG);
    const detail = 'there is no entry "a/b"';
    expect(await read(app, '/api/entries/a%2Fb')).toMatchObject({ status: 404, detail });
  });

  test('answers 404 for the history of an unknown entry', async () => {
    await using app = await HttpApp.open(CONFIG);
    const detail = 'there is no entry "absent"';
    expect(await read(app, '/api/entries/absent/history')).toMatchObject({ status: 404, detail });
    expect(await read(app, '/api/entries/backup/history')).toMatchObject({ status: 200, rows: [] });
  });

  test('shows the history of an entry', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    await send(app, { do: 'run', entry: 'backup' });
    const { rows } = await read(app, '/api/entries/backup/history');
    expect(rows).toMatchObject([{ kind: 'run', cause: 'manual', task: 'shop.backup' }]);
  });
});

test.each([
  ['/api/status?after=garbage', 'after'],
  ['/api/events?limit=1&after=garbage', 'after'],
  ['/api/entries/backup/history?before=garbage', 'before'],
])('%s: is rejected, because it names no place in the list', async (path, name) => {
  await using app = await HttpApp.open(CONFIG);
  const message = 'expected `next` of the page before, got "garbage"';
  expect(await read(app, path)).toMatchObject({ status: 422, errors: [{ path: [name], message }] });
});

test.each([
  ['DELETE', '/api/entries/backup', 'GET, HEAD'],
  ['GET', '/api/commands', 'POST'],
])('%s %s: is answered with status 405 and the methods that exist', async (method, path, allow) => {
  await using app = await HttpApp.open(CONFIG);
  const response = await app.request(path, { method, token: READ });
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});

describe('POST /api/commands', () => {
  test('answers with the row of the audit log', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    const command = { do: 'pause', entry: 'backup', reason: 'migration', id: 'one', by: 'ann' };
    const answer = await send(app, command);
    expect(answer).toMatchObject({ ...command, status: 'applied', answer: 'paused backup' });
    const { rows } = await read(app, '/api/audit');
    expect(rows).toEqual([answer]);
    expect(await read(app, '/api/entries/backup')).toMatchObject({
      paused: { reason: 'migration', by: 'ann' },
      nextDueAt: null,
    });
  });

  test('with an id that was sent before is applied once', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    const command = { do: 'run', entry: 'backup', id: 'one' };
    expect(await send(app, command)).toEqual(await send(app, command));
    const { runCount } = await read(app, '/api/entries/backup');
    expect(runCount).toBe(1);
  });

  test('with the id of another command is rejected, and does not get its answer', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    await send(app, { do: 'run', entry: 'backup', id: 'one' });
    const errors = [{ message: 'id: "one" is the id of another command: run backup' }];
    for (const other of [{ do: 'skip', entry: 'backup' }, { do: 'run', entry: 'digest' }, { do: 'reload' }]) {
      expect(await send(app, { ...other, id: 'one' })).toMatchObject({ status: 422, errors });
    }
    expect(await read(app, '/api/entries/backup')).toMatchObject({ runCount: 1, skipping: [] });
  });

  test('that changes a stored entry is validated with the fields that it keeps', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    await send(app, { do: 'add', entry: 'x', definition: { task: 'mail.send', schedule: 60 } });
    const definition = { task: null, schedul: 90, schedule: 'daily' };
    expect(await send(app, { do: 'update', entry: 'x', definition })).toMatchObject({
      status: 422,
      errors: [
        { path: ['definition', 'schedul'] },
        { path: ['definition', 'schedule'] },
        { path: ['definition', 'task'] },
      ],
    });
    expect(await read(app, '/api/entries/x')).toMatchObject({ schedule: 'every minute' });
    const right = { schedule: 90 };
    expect(await send(app, { do: 'update', entry: 'x', definition: right })).toMatchObject({ status: 'applied' });
  });

  test('answers 503 if the store does not answer, with the id for sending the command again', async () => {
    const append = () => Promise.reject(new StoreError('commands.append: Redis did not answer'));
    const store = { commands: { append } } as unknown as StateStore;
    await using app = await HttpApp.open(CONFIG, { store });
    expect(await send(app, { do: 'run', entry: 'backup', id: 'one' })).toMatchObject({
      status: 503,
      detail:
        'commands.append: Redis did not answer; the command may have been stored: sent again with the id "one" it is applied once',
    });
  });

  test('answers 409 when the leader rejects it', async () => {
    await using app = await HttpApp.open(CONFIG, { lead: true });
    const options = { token: CHANGE, json: { do: 'resume', entry: 'backup' } };
    const response = await app.request('/api/commands', options);
    expect([response.status, await response.json()]).toMatchObject([
      409,
      { status: 'rejected', answer: expect.stringContaining('not paused') as string },
    ]);
  });

  test('answers 202 when no instance leads', async () => {
    await using app = await HttpApp.open(CONFIG);
    const options = { token: CHANGE, json: { do: 'run', entry: 'backup', id: 'one' } };
    const response = await app.request('/api/commands?wait=0', options);
    expect([response.status, await response.json()]).toEqual([202, { id: 'one', status: 'pending' }]);
  });

  test.each([
    ['{', [{ path: [], message: expect.stringMatching(/^invalid JSON/) as string }]],
    ['[]', [{ path: [], message: 'expected a JSON object' }]],
    [
      { do: 'pause', entri: 'backup', until: 'soon' },
      [
        { path: ['entry'], message: expect.stringMatching(/^missing; expected a text/) as string },
        { path: ['until'], message: expect.stringMatching(/^expected .*, got "soon"$/) as string },
        { path: ['entri'], message: 'unknown field; did you mean "entry"?' },
      ],
    ],
    [
      { do: 'run', entry: 'backup', id: 7 },
      [{ path: ['id'], message: expect.stringMatching(/^expected a text .*, got 7$/) as string }],
    ],
    [
      { do: 'add', entry: 'x', definition: { task: 1, schedul: 60 } },
      [
        { path: ['definition', 'schedul'], message: 'unknown key; did you mean "schedule"?' },
        { path: ['definition', 'schedule'], message: expect.stringMatching(/^missing/) as string },
        { path: ['definition', 'task'], message: expect.stringMatching(/^expected/) as string },
      ],
    ],
  ])('reports all problems of %o, and stores nothing', async (body, errors) => {
    await using app = await HttpApp.open(CONFIG);
    const response = await app.request('/api/commands', {
      method: 'POST',
      token: CHANGE,
      ...(typeof body === 'string' ? { text: body, headers: { 'Content-Type': 'application/json' } } : { json: body }),
    });
    expect([response.status, await response.json()]).toMatchObject([422, { errors }]);
    expect(await app.store.commands.pending(10)).toEqual([]);
  });

  test('needs the change token', async () => {
    await using app = await HttpApp.open(CONFIG);
    const json = { do: 'run', entry: 'backup' };
    expect(await read(app, '/api/commands', { json })).toMatchObject({ status: 403 });
    await using open = await HttpApp.open({ ...CONFIG, http: {} });
    const response = await open.request('/api/commands', { json });
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { detail: 'commands over HTTP are off: set http.changeToken or BEAT_HTTP_CHANGE_TOKEN' },
    ]);
    expect(await app.store.commands.pending(10)).toEqual([]);
  });

  test('names the user of a trusted proxy in the audit log, not that of the body', async () => {
    const http = { trustedUserHeader: 'X-User', trustedProxies: ['10.0.0.0/8'] };
    await using app = await HttpApp.open({ ...CONFIG, http }, { lead: true });
    const response = await app.request('/api/commands', {
      peer: '10.0.0.1',
      headers: { 'X-User': 'ann' },
      json: { do: 'pause', entry: 'backup', by: 'eve' },
    });
    expect(await response.json()).toMatchObject({ by: 'ann', status: 'applied' });
  });
});

test.each([
  ['UTF-8', 'utf8'],
  ['Latin-1', 'latin1'],
] as const)('the audit log has the name of a user that a proxy sends in %s', async (_, encoding) => {
  const http = { trustedUserHeader: 'X-User', trustedProxies: ['10.0.0.0/8'] };
  await using app = await HttpApp.open({ ...CONFIG, http }, { lead: true });
  // As Node reads it.
  const received = Buffer.from('Zoë Ångström', encoding).toString('latin1');
  const response = await app.request('/api/commands', {
    peer: '10.0.0.1',
    headers: { 'X-User': received },
    json: { do: 'pause', entry: 'backup' },
  });
  expect(await response.json()).toMatchObject({ by: 'Zoë Ångström', status: 'applied' });
});

test('GET /api/events: streams the status of an entry and the audit row after a command', async () => {
  await using app = await HttpApp.open(CONFIG, { lead: true });
  const response = await app.request('/api/events?entry=backup', { token: READ });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('event: ready\ndata: {}\n\n');
  await send(app, { do: 'pause', entry: 'backup' });
  let text = '';
  while (!(text.includes('event: status') && text.includes('event: audit'))) {
    text += (await reader.read()).value ?? '';
  }
  expect(text).toContain('"answer":"paused backup"');
  expect(text).toMatch(/event: status\ndata: \{"entry":"backup".*"paused":\{/);
  await reader.cancel();
});

test('GET /api/events: streams the status of the entries of a page', async () => {
  await using app = await HttpApp.open(CONFIG, { lead: true });
  const response = await app.request('/api/events?after=d1&limit=1', { token: READ });
  expect(response.status).toBe(200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  await send(app, { do: 'pause', entry: 'backup' });
  await send(app, { do: 'run', entry: 'digest' });
  let text = '';
  while (!text.includes('event: status')) text += (await reader.read()).value ?? '';
  expect(text).toContain('data: {"entry":"digest"');
  expect(text).not.toContain('data: {"entry":"backup"');
  await reader.cancel();
});

test('GET /api/events: streams the outcome of a run in the status of its entry', async () => {
  await using app = await HttpApp.open({ ...CONFIG, resultBackend: 'redis://localhost' });
  const response = await app.request('/api/events?entry=backup', { token: READ });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  const ended = { taskId: 'a', dueAt: 1, doneAt: Date.now(), runtimeMs: null, worker: null };
  const row = { kind: 'outcome', state: 'FAILURE', error: 'ValueError: x', ...ended } as const;
  await app.store.history!.append([{ entry: 'backup', row }]);
  let text = '';
  while (!text.includes('event: status')) text += (await reader.read()).value ?? '';
  expect(text).toMatch(/event: status\ndata: \{"entry":"backup".*"state":"FAILURE"/);
  await reader.cancel();
});

test('HEAD /api/events: holds no stream open', async () => {
  await using app = await HttpApp.open(CONFIG);
  for (let i = 0; i < 101; i++) {
    const response = await app.request('/api/events', { token: READ, method: 'HEAD' });
    expect(response.status).toBe(200);
  }
  const response = await app.request('/api/events', { token: READ });
  expect(response.status).toBe(200);
  await response.body!.cancel();
});

test('GET /api/events: loads pages for as many streams as are allowed at most', async () => {
  await using app = await HttpApp.open(CONFIG, { maxStreams: 3 });
  const load = vi.spyOn(app.store.history!, 'latest');
  const open = () => app.request('/api/events?limit=1', { token: READ });
  const responses = await Promise.all(Array.from({ length: 20 }, open));
  const streams = responses.filter(({ status }) => status === 200);
  expect(streams).toHaveLength(3);
  expect(responses.filter(({ status }) => status === 503)).toHaveLength(17);
  // Each page is loaded once, and all streams have their first rows from at most one further read each.
  expect(load.mock.calls.length).toBeLessThanOrEqual(6);
  for (const { body } of streams) await body!.cancel();
});

test('GET /api/events: a page that cannot be loaded takes no place of a stream', async () => {
  await using app = await HttpApp.open(CONFIG, { maxStreams: 1 });
  const load = vi.spyOn(app.store.ledger, 'findStates').mockRejectedValue(new StoreError('lost'));
  for (let i = 0; i < 3; i++) {
    const failed = await app.request('/api/events?limit=1', { token: READ });
    expect(failed.status).toBe(503);
    expect(await failed.json()).toMatchObject({ detail: 'lost' });
  }
  load.mockRestore();
  const response = await app.request('/api/events?limit=1', { token: READ });
  expect(response.status).toBe(200);
  await response.body!.cancel();
});

/** A clock whose sleeps take an hour each, and no time. */
class HourClock extends ManualClock {
  override sleep(): Promise<void> {
    this.advance(3_600_000);
    return Promise.resolve();
  }
}

test('GET /api/events: ends with the session', async () => {
  const clock = new HourClock('2027-03-01T12:00:00Z');
  await using app = await HttpApp.open(CONFIG, { clock });
  const login = await app.request('/login', { form: { token: READ } });
  const Cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  const response = await app.request('/api/events', { headers: { Cookie } });
  const reader = response.body!.getReader();
  await reader.read();
  expect((await reader.read()).done).toBe(true);
  expect(clock.now()).toBe(Date.parse('2027-03-02T00:00:00Z'));
});

const COMMANDS: readonly (readonly [is: 'accepts' | 'rejects', command: object])[] = [
  ['accepts', { do: 'pause', entry: 'backup', until: null, reason: 'storage' }],
  ['accepts', { do: 'pause', entry: 'backup', until: '2099-01-01T00:00:00+01:00', id: 'one' }],
  ['accepts', { do: 'skip', entry: 'backup', by: 'ann', at: '2026-01-01T00:00:00Z' }],
  ['accepts', { do: 'update', entry: 'stored', definition: { schedule: 60 } }],
  ['accepts', { do: 'reload' }],
  ['rejects', { do: 'explode', entry: 'backup' }],
  ['rejects', { do: 'pause' }],
  ['rejects', { do: 'pause', entry: '' }],
  ['rejects', { do: 'pause', entry: 'e'.repeat(10_001) }],
  ['rejects', { do: 'run', entry: 'backup', until: '2099-01-01T00:00:00Z' }],
  ['rejects', { do: 'run', entry: 'backup', id: 'i'.repeat(101) }],
  ['rejects', { do: 'run', entry: 'backup', reason: 'r'.repeat(1_001) }],
  ['rejects', { do: 'backfill', entry: 'backup', from: '2026-01-01T00:00:00Z' }],
  ['rejects', { do: 'update', entry: 'stored', definition: [] }],
  ['rejects', { do: 'add', entries: [] }],
];

test.each(COMMANDS)('POST /api/commands: the server, as its document, %s %j', async (is, command) => {
  await using app = await HttpApp.open(CONFIG);
  const document = await read(app, '/api/openapi.json');
  const { schemas } = document['components'] as { readonly schemas: Readonly<Record<string, Json>> };
  const schema = z.fromJSONSchema(schemas['Command'] as z.core.JSONSchema.JSONSchema);
  const { status } = await send(app, command, '?wait=0');
  expect([schema.safeParse(command).success, status]).toEqual(is === 'accepts' ? [true, 'pending'] : [false, 422]);
});

describe('GET /api/openapi.json', () => {
  test('is a valid OpenAPI 3.1 document', async () => {
    await using app = await HttpApp.open(CONFIG);
    const response = await app.request('/api/openapi.json', { token: READ });
    const document = (await response.json()) as Record<string, unknown>;
    const result = await new Validator().validate(structuredClone(document));
    expect(result).toMatchObject({ valid: true });
    expect(document['openapi']).toMatch(/^3\.1\./);
  });

  test.each(Object.entries(OPERATIONS))('describes %s, which exists', async (path, { method }) => {
    await using app = await HttpApp.open(CONFIG);
    const options = { method: (method ?? 'get').toUpperCase(), token: CHANGE };
    const response = await app.request(path.replace('{name}', 'backup'), options);
    expect(response.status).not.toBe(404);
    await response.body?.cancel();
  });
});
