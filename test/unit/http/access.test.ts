import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { CHANGE, HttpApp, READ, TOKENS } from '../../support/http-app.ts';

const metrics = async () => ({ contentType: 'text/plain', body: 'up 1\n' });

/** The session cookie that a response sets. */
const cookieOf = (response: Response) => response.headers.get('set-cookie')!.split(';')[0]!;

const COMMANDS = { http: TOKENS, beatSchedule: { e: { task: 't', schedule: 3_600 } } };

describe('HTTP with tokens', () => {
  test.each([
    ['no token', {}],
    ['a wrong token', { token: 'wrong-token-of-the-tests' }],
    ['a token that is too short', { token: READ.slice(0, -1) }],
    ['an empty token', { headers: { Authorization: 'Bearer ' } }],
    ['another scheme', { headers: { Authorization: `Basic ${READ}` } }],
    ['a cookie that is not signed', { headers: { Cookie: 'beat-session=change.e30' } }],
    ['the header of a proxy that is not trusted', { headers: { 'X-Forwarded-User': 'eve' } }],
  ])('a request with %s gets status 401 and nothing else', async (_name, options) => {
    await using app = await HttpApp.open({ http: TOKENS }, { metrics });
    const response = await app.request('/metrics', options);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({ type: 'about:blank', title: 'Unauthorized', status: 401 });
  });

  test('a wrong token gets status 401 also from a page, instead of the login page', async () => {
    await using app = await HttpApp.open({ http: TOKENS });
    const headers = { Accept: 'text/html' };
    const response = await app.request('/', { token: 'wrong-token-of-the-tests', headers });
    expect([response.status, response.headers.get('location')]).toEqual([401, null]);
  });

  test.each([READ, CHANGE])('a request with the token %s may read', async (token) => {
    await using app = await HttpApp.open({ http: TOKENS }, { metrics });
    const response = await app.request('/metrics', { token });
    expect([response.status, await response.text()]).toEqual([200, 'up 1\n']);
  });

  test('probes need no token', async () => {
    await using app = await HttpApp.open({ http: TOKENS });
    expect((await app.request('/healthz')).status).toBe(200);
    expect((await app.request('/readyz')).status).toBe(200);
  });

  test('a browser without a session is sent to the login page, and back after the login', async () => {
    await using app = await HttpApp.open({ http: TOKENS }, { metrics });
    const html = { headers: { Accept: 'text/html' } };
    const response = await app.request('/metrics?a=b', html);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/login?next=%2Fmetrics%3Fa%3Db');
    const form = { token: READ, next: '/metrics?a=b', name: 'Ann' };
    const login = await app.request('/login', { form });
    expect([login.status, login.headers.get('location')]).toEqual([303, '/metrics?a=b']);
    const Cookie = cookieOf(login);
    expect((await app.request('/metrics', { headers: { Cookie } })).status).toBe(200);
  });

  test.each([
    ['https://evil.example/', '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/audit?limit=1', '/audit?limit=1'],
  ])('after a login with next=%s the browser is sent to %s', async (next, location) => {
    await using app = await HttpApp.open({ http: TOKENS });
    const login = await app.request('/login', { form: { token: READ, next } });
    expect(login.headers.get('location')).toBe(location);
  });

  test('the session cookie is not readable by scripts, and not sent by other sites', async () => {
    await using app = await HttpApp.open({ http: TOKENS });
    const login = await app.request('/login', { form: { token: READ } });
    const cookie = login.headers.get('set-cookie')!;
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200']) {
      expect(cookie).toContain(attribute);
    }
    expect(cookie).not.toContain('Secure');
  });

  test('the session cookie is only sent over TLS when a trusted proxy says that TLS is used', async () => {
    const http = { ...TOKENS, trustedProxies: ['10.0.0.0/8'] };
    await using app = await HttpApp.open({ http });
    const headers = { 'X-Forwarded-Proto': 'https' };
    const cookieFrom = async (peer: string) =>
      (await app.request('/login', { form: { token: READ }, headers, peer })).headers.get('set-cookie');
    expect(await cookieFrom('10.1.2.3')).toContain('Secure');
    expect(await cookieFrom('11.1.2.3')).not.toContain('Secure');
  });

  test('browsers must use TLS for this host, not its subdomains, and only if they use it already', async () => {
    await using app = await HttpApp.open({ http: { ...TOKENS, trustedProxies: ['10.0.0.0/8'] } });
    const policyFor = async (peer: string, proto: string) =>
      (await app.request('/login', { peer, headers: { 'X-Forwarded-Proto': proto } })).headers.get(
        'strict-transport-security',
      );
    expect(await policyFor('10.1.2.3', 'https')).toBe('max-age=15552000');
    expect(await policyFor('10.1.2.3', 'http')).toBeNull();
    expect(await policyFor('11.1.2.3', 'https')).toBeNull();
  });

  test('a form that is sent after the end of the session leads to the login page', async () => {
    await using app = await HttpApp.open({ http: TOKENS });
    const headers = { Accept: 'text/html' };
    const response = await app.request('/entries/a', { form: { do: 'run' }, headers });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/login?next=%2Fentries%2Fa']);
  });

  test('a session of the read token never becomes a session of the change token', async () => {
    await using app = await HttpApp.open({ http: TOKENS }, { metrics });
    const cookie = cookieOf(await app.request('/login', { form: { token: READ } }));
    const forged = { headers: { Cookie: cookie.replace('read.', 'change.') } };
    expect((await app.request('/metrics', forged)).status).toBe(401);
  });

  test('a session ends after twelve hours', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    await using app = await HttpApp.open({ http: TOKENS }, { metrics, clock });
    const Cookie = cookieOf(await app.request('/login', { form: { token: READ } }));
    clock.advance(12 * 3_600_000 - 1);
    expect((await app.request('/metrics', { headers: { Cookie } })).status).toBe(200);
    clock.advance(1);
    expect((await app.request('/metrics', { headers: { Cookie } })).status).toBe(401);
  });

  test('a session is valid beside the credentials that a browser sends to a proxy', async () => {
    await using app = await HttpApp.open({ http: TOKENS }, { metrics });
    const Cookie = cookieOf(await app.request('/login', { form: { token: READ } }));
    const headers = { Cookie, Authorization: 'Basic YW5uOnNlY3JldA==' };
    expect((await app.request('/metrics', { headers })).status).toBe(200);
  });

  test('answers are not stored by browsers and proxies, except for static files', async () => {
    await using app = await HttpApp.open({ http: TOKENS });
    const read = (path: string) => app.request(path, { token: READ });
    for (const path of ['/', '/api/status', '/login', '/nothing']) {
      expect((await read(path)).headers.get('cache-control')).toBe('no-store');
    }
  });

  test('after five failed logins, an address must wait for the rest of the minute, and other addresses need not', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    await using app = await HttpApp.open({ http: TOKENS }, { clock });
    const login = (token: string, peer: string) => app.request('/login', { form: { token }, peer });
    for (let i = 0; i < 5; i++) expect((await login('wrong', '192.0.2.1')).status).toBe(401);
    const rejected = await login(READ, '192.0.2.1');
    expect([rejected.status, rejected.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await login(READ, '192.0.2.2')).status).toBe(303);
    clock.advance(60_000);
    expect((await login(READ, '192.0.2.1')).status).toBe(303);
  });

  test.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['another port of the host', { 'Sec-Fetch-Site': 'same-site' }],
    ['an unknown site', { 'Sec-Fetch-Site': '' }],
    [
      'another site, with the credentials that the browser sends to a proxy,',
      { 'Sec-Fetch-Site': 'cross-site', Authorization: 'Basic YW5uOnNlY3JldA==' },
    ],
  ])('a form of %s is rejected', async (_name, headers) => {
    await using app = await HttpApp.open({ http: TOKENS });
    const response = await app.request('/login', { form: { token: READ }, headers });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  test('every answer has a policy without inline scripts and styles, and allows no other site', async () => {
    await using app = await HttpApp.open({ http: TOKENS });
    const { headers } = await app.request('/login', { headers: { Origin: 'https://a.example' } });
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test.each([
    ['from a page of beat', { 'Sec-Fetch-Site': 'same-origin' }, 202],
    ['from the same origin', { Origin: 'http://127.0.0.1:8040' }, 202],
    ['from another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['from another port of the host', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['that the user typed', { 'Sec-Fetch-Site': 'none' }, 403],
    ['from another origin', { Origin: 'https://evil.example' }, 403],
    ['from a page without an origin', { Origin: 'null' }, 403],
    ['from an unknown site', {}, 403],
  ])('a JSON command of a session %s gets status %o', async (_name, site, status) => {
    await using app = await HttpApp.open(COMMANDS);
    const Cookie = cookieOf(await app.request('/login', { form: { token: CHANGE } }));
    const options = { headers: { Cookie, ...site }, json: { do: 'run', entry: 'e' } };
    expect((await app.request('/api/commands?wait=0', options)).status).toBe(status);
    expect(await app.store.commands.pending(2)).toHaveLength(status === 202 ? 1 : 0);
  });

  test.each([
    ['without a site', {}, 202],
    ['from a page of the proxy', { 'Sec-Fetch-Site': 'same-origin' }, 202],
    ['from another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['from another origin', { Origin: 'https://evil.example' }, 403],
    ['without a site, as text', { 'Content-Type': 'text/plain' }, 403],
  ])('a JSON command of the user of a proxy %s gets status %o', async (_name, headers, status) => {
    const http = { trustedUserHeader: 'X-User', trustedProxies: ['10.0.0.0/8'] };
    await using app = await HttpApp.open({ ...COMMANDS, http });
    const options = { peer: '10.0.0.1', headers: { 'X-User': 'ann', ...headers }, json: { do: 'run', entry: 'e' } };
    expect((await app.request('/api/commands?wait=0', options)).status).toBe(status);
  });

  test('a JSON command with a token is accepted from any site', async () => {
    await using app = await HttpApp.open(COMMANDS);
    const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://tools.example' };
    const options = { token: CHANGE, headers, json: { do: 'run', entry: 'e' } };
    expect((await app.request('/api/commands?wait=0', options)).status).toBe(202);
  });
});

describe('HTTP without tokens', () => {
  const http = {};

  test('may be read under the names of this host', async () => {
    await using app = await HttpApp.open({ http }, { metrics });
    expect((await app.request('/metrics')).status).toBe(200);
  });

  test('rejects other host names, under which a page of another site could read it', async () => {
    await using app = await HttpApp.open({ http }, { metrics });
    const fetched = await app.request('/metrics', { host: 'rebound.example' });
    expect(fetched.status).toBe(401);
  });
});

describe('HTTP behind a proxy that authenticates', () => {
  const http = { trustedUserHeader: 'X-Forwarded-User', trustedProxies: ['10.0.0.0/8', '::1'] };
  const headers = { 'X-Forwarded-User': 'ann' };

  test.each(['10.1.2.3', '::1', '::ffff:10.1.2.3'])('a user that the trusted proxy %s names may read', async (peer) => {
    await using app = await HttpApp.open({ http }, { metrics });
    expect((await app.request('/metrics', { headers, peer })).status).toBe(200);
  });

  test.each(['11.1.2.3', '127.0.0.1', '::2'])('an untrusted client %s cannot name its user', async (peer) => {
    await using app = await HttpApp.open({ http }, { metrics });
    expect((await app.request('/metrics', { headers, peer })).status).toBe(401);
  });

  test('a user may read although the proxy passes the credentials of the browser on', async () => {
    await using app = await HttpApp.open({ http }, { metrics });
    const basic = { ...headers, Authorization: 'Basic YW5uOnNlY3JldA==' };
    const response = await app.request('/metrics', { headers: basic, peer: '10.1.2.3' });
    expect(response.status).toBe(200);
  });

  test('a request of the proxy without a user needs a token', async () => {
    await using app = await HttpApp.open({ http: { ...http, ...TOKENS } }, { metrics });
    const request = { peer: '10.1.2.3', headers: {} };
    expect((await app.request('/metrics', request)).status).toBe(401);
    expect((await app.request('/metrics', { ...request, token: READ })).status).toBe(200);
  });
});
