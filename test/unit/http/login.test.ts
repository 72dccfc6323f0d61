import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { CHANGE, HttpApp, READ, TOKENS } from '../../support/http-app.ts';
import { textOf } from '../../support/render.ts';

const CONFIG = { http: TOKENS, beatSchedule: { e: { task: 't', schedule: 3_600 } } };

/** The sender of the only command that waits for a leader. */
async function senderIn(app: HttpApp): Promise<unknown> {
  const [command] = await app.store.commands.pending(2);
  return (JSON.parse(command!.json!) as Record<string, unknown>)['by'];
}

describe('the login page', () => {
  test('leads back to a path of this server alone', async () => {
    await using app = await HttpApp.open(CONFIG);
    const next = async (path: string) =>
      /name="next" value="([^"]*)"/.exec(
        await (await app.request(`/login?next=${encodeURIComponent(path)}`)).text(),
      )![1];
    expect(await next('/audit?limit=1')).toBe('/audit?limit=1');
    for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', '/a b', '/ä', '']) {
      expect([path, await next(path)]).toEqual([path, '/']);
    }
  });

  test('says that a token is wrong, and keeps the path', async () => {
    await using app = await HttpApp.open(CONFIG);
    const response = await app.request('/login', { form: { token: 'wrong', next: '/audit' } });
    const page = await response.text();
    expect(response.status).toBe(401);
    expect(textOf(page)).toContain('This token is not valid.');
    expect(page).toContain('name="next" value="/audit"');
    expect(await (await app.request('/login')).text()).not.toContain('role="alert"');
  });

  test('accepts a token with spaces around it', async () => {
    await using app = await HttpApp.open(CONFIG);
    expect((await app.request('/login', { form: { token: ` ${READ} ` } })).status).toBe(303);
    expect((await app.request('/login', { form: {} })).status).toBe(401);
  });

  test.each([
    ['', 'http@127.0.0.1'],
    [' Ann ', 'Ann (http@127.0.0.1)'],
    ['x'.repeat(101), `${'x'.repeat(100)} (http@127.0.0.1)`],
  ])('the name %j is that of the sender %j in the audit log', async (name, by) => {
    await using app = await HttpApp.open(CONFIG);
    const login = await app.request('/login', { form: { token: CHANGE, name } });
    const headers = { Cookie: login.headers.get('set-cookie')!.split(';')[0]!, 'Sec-Fetch-Site': 'same-origin' };
    await app.request('/api/commands?wait=0', { headers, json: { do: 'run', entry: 'e' } });
    expect(await senderIn(app)).toBe(by);
  });

  test('a logout deletes the cookie', async () => {
    await using app = await HttpApp.open(CONFIG);
    const response = await app.request('/logout', { form: {} });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/login']);
    expect(response.headers.get('set-cookie')).toMatch(/^beat-session=; .*Max-Age=0; Path=\//);
  });
});

describe('failed logins', () => {
  async function open() {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    const app = await HttpApp.open(CONFIG, { clock });
    const login = async (token: string, peer: string) => {
      const response = await app.request('/login', { form: { token }, peer });
      return [response.status, response.headers.get('retry-after')];
    };
    return { clock, app, login, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
  }

  test('of an address make it wait for the seconds that are left of the minute', async () => {
    await using rig = await open();
    for (let i = 0; i < 5; i++) expect(await rig.login('wrong', '192.0.2.1')).toEqual([401, null]);
    rig.clock.advance(29_500);
    expect(await rig.login(READ, '192.0.2.1')).toEqual([429, '31']);
    const page = await (await rig.app.request('/login', { form: { token: READ }, peer: '192.0.2.1' })).text();
    expect(textOf(page)).toContain('Too many failed logins. Try again in 31 seconds.');
    rig.clock.advance(30_499);
    expect(await rig.login(READ, '192.0.2.1')).toEqual([429, '1']);
    rig.clock.advance(1);
    // A new minute begins with the next failure.
    for (let i = 0; i < 5; i++) expect(await rig.login('wrong', '192.0.2.1')).toEqual([401, null]);
    expect(await rig.login(READ, '192.0.2.1')).toEqual([429, '60']);
  });

  test('of a hundred from many addresses make all addresses wait', async () => {
    await using rig = await open();
    for (let i = 0; i < 99; i++) await rig.login('wrong', `192.0.2.${i}`);
    expect(await rig.login('wrong', '198.51.100.1')).toEqual([401, null]);
    expect(await rig.login(READ, '198.51.100.2')).toEqual([429, '60']);
    rig.clock.advance(60_000);
    expect(await rig.login(READ, '198.51.100.2')).toEqual([303, null]);
  });
});

describe('the address of a client', () => {
  const http = { ...TOKENS, trustedProxies: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'] };
  const send = async (peer: string, forwarded?: string) => {
    await using app = await HttpApp.open({ ...CONFIG, http });
    const headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
    const json = { do: 'run', entry: 'e' };
    await app.request('/api/commands?wait=0', { token: CHANGE, peer, headers, json });
    return await senderIn(app);
  };

  test.each([
    ['198.51.100.1', undefined, '198.51.100.1'],
    ['198.51.100.1', '203.0.113.9', '198.51.100.1'],
    ['::ffff:198.51.100.1', undefined, '198.51.100.1'],
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '6.6.6.6, 203.0.113.9 , 10.0.0.2', '203.0.113.9'],
    ['2001:db8::1', '2001:db8:1::1, 2a00::1, 2001:db8::2', '2a00::1'],
    ['192.0.2.7', 'unknown, 203.0.113.9, garbage', '203.0.113.9'],
    ['192.0.2.8', '203.0.113.9', '192.0.2.8'],
    ['10.0.0.1', '10.0.0.2', '10.0.0.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
  ])('of a request from %s with X-Forwarded-For: %s is %s', async (peer, forwarded, address) => {
    expect(await send(peer, forwarded)).toBe(`http@${address}`);
  });
});
