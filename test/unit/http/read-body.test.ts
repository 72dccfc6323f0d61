import { describe, expect, test, vi } from 'vitest';
import { CHANGE, HttpApp, READ, TOKENS } from '../../support/http-app.ts';

const CONFIG = { http: TOKENS, beatSchedule: { e: { task: 't', schedule: 3_600 } } };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin' };

/** A body that counts the chunks that are read from it. It ends with an error if `breaksOff`. */
function chunks(text: string, count: number, breaksOff = false) {
  let read = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (read++ < count) controller.enqueue(Buffer.from(text));
    else if (breaksOff) controller.error(new Error('aborted'));
    else controller.close();
  };
  const body = new ReadableStream({ pull }, { highWaterMark: 0 });
  return { body, read: () => read };
}

describe('body of a request', () => {
  test('a login is read up to 4 kB, and rejected without being read if it declares more', async () => {
    await using app = await HttpApp.open(CONFIG);
    const long = { token: READ, name: 'x'.repeat(4_000) };
    expect((await app.request('/login', { form: long })).status).toBe(413);
    const declared = chunks('a&', 1);
    const headers = { ...FORM, 'Content-Length': '4001' };
    const response = await app.request('/login', { headers, stream: declared.body });
    expect([response.status, declared.read()]).toEqual([413, 0]);
    const endless = chunks('a=1&'.repeat(250), Infinity);
    const stopped = await app.request('/login', { headers: FORM, stream: endless.body });
    expect([stopped.status, endless.read()]).toEqual([413, 5]);
    const short = { token: READ, name: 'x'.repeat(3_000) };
    expect((await app.request('/login', { form: short })).status).toBe(303);
  });

  test('a form is read up to 100 kB, and a command up to 1 MB', async () => {
    await using app = await HttpApp.open(CONFIG);
    const statusOf = async (path: string, options: object) =>
      (await app.request(path, { token: CHANGE, ...options })).status;
    const form = (length: number) => ({ form: { entry: 'x'.repeat(length) } });
    expect(await statusOf('/add', form(100_001))).toBe(413);
    expect(await statusOf('/add', form(99_000))).toBe(422);
    expect(await statusOf('/entries/e', form(100_001))).toBe(413);
    const json = (length: number) => ({ json: { do: 'x'.repeat(length) } });
    expect(await statusOf('/api/commands', json(1_000_001))).toBe(413);
    expect(await statusOf('/api/commands', json(999_000))).toBe(422);
  });

  test('the fields of a form are counted before they are parsed', async () => {
    await using app = await HttpApp.open(CONFIG);
    const parse = vi.spyOn(globalThis, 'URLSearchParams');
    const text = 'a&'.repeat(50_000).slice(0, 99_999);
    const response = await app.request('/add', { token: CHANGE, headers: FORM, text });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { detail: 'a form may have at most 100 fields' },
    ]);
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  test('an address with too many failed logins is rejected before its body is read', async () => {
    await using app = await HttpApp.open(CONFIG);
    for (let i = 0; i < 5; i++) await app.request('/login', { form: { token: 'wrong' } });
    const { body, read } = chunks('token=x', 1);
    const response = await app.request('/login', { headers: FORM, stream: body });
    expect([response.status, read()]).toEqual([429, 0]);
  });

  test('logins whose bodies arrive together try no more tokens than logins in turn', async () => {
    await using app = await HttpApp.open(CONFIG);
    const logins = Array.from({ length: 20 }, () => app.request('/login', { form: { token: 'wrong' } }));
    const statuses = (await Promise.all(logins)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15);
  });
});

describe('mistakes of clients', () => {
  const deep = `{"do":"run","entry":"e","args":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;

  test.each([
    [
      'multipart without a boundary',
      '/login',
      { headers: { ...FORM, 'Content-Type': 'multipart/form-data' }, text: 'x' },
      'a form must have the content type application/x-www-form-urlencoded',
    ],
    [
      'a form without a content type',
      '/add',
      { headers: { ...FORM, 'Content-Type': '' }, text: 'x', token: CHANGE },
      'a form must have the content type application/x-www-form-urlencoded',
    ],
    [
      'a form that breaks off',
      '/login',
      { headers: FORM, stream: chunks('token=', 1, true).body },
      'the connection was closed before the end of the body',
    ],
    [
      'a command that breaks off',
      '/api/commands',
      { token: CHANGE, stream: chunks('{', 1, true).body },
      'the connection was closed before the end of the body',
    ],
    [
      'deep JSON',
      '/api/commands',
      { token: CHANGE, text: deep },
      'the body cannot be decoded: it is nested deeper than 500 levels',
    ],
    [
      'JSON of many values',
      '/api/commands',
      { token: CHANGE, text: `[${'[],'.repeat(300_000)}1]` },
      'the body cannot be decoded: it has more than 100000 values',
    ],
  ])('%s is answered with status 400, and is a debug line', async (_, path, options, detail) => {
    await using app = await HttpApp.open(CONFIG);
    const response = await app.request(path, { method: 'POST', ...options });
    expect([response.status, await response.json()]).toMatchObject([400, { detail }]);
    expect(app.errors).toEqual([]);
    expect(app.mistakes).toEqual([`POST ${path}: ${detail} (400)`]);
    expect(await app.store.commands.pending(1)).toEqual([]);
  });

  test('JSON of 500 levels is validated, and JSON of 501 levels is not', async () => {
    await using app = await HttpApp.open(CONFIG);
    const send = async (levels: number) => {
      const args = `${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}`;
      const text = `{"do":"add","entry":"n","definition":${args}}`;
      return (await app.request('/api/commands', { token: CHANGE, text })).status;
    };
    expect([await send(500), await send(501)]).toEqual([422, 400]);
    expect(app.errors).toEqual([]);
  });

  test('deep JSON in the field of a form is a problem of the field', async () => {
    await using app = await HttpApp.open(CONFIG);
    const args = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const form = { entry: 'n', task: 't', schedule: '60', args };
    const response = await app.request('/add', { token: CHANGE, form });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain('nested deeper than 500 levels');
    expect(app.errors).toEqual([]);
  });
});
