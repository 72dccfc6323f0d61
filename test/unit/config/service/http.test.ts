import { describe, expect, test } from 'vitest';
import { unprotectedError } from '../../../../src/config/service/http.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { problemsOf } from '../support.ts';

const TOKEN = 'a-token-of-the-tests';

describe('settings of HTTP', () => {
  test('are null unless HTTP is enabled; tokens in the environment do not enable it', () => {
    expect(resolveSettings({}).http).toBeNull();
    expect(resolveSettings({}, { http: { readToken: TOKEN } }).http).toBeNull();
  });

  test('listen on a loopback address by default', () => {
    expect(resolveSettings({ http: {} }).http).toEqual({
      host: '127.0.0.1',
      port: 8040,
      readToken: null,
      changeToken: null,
      trustedUserHeader: null,
      trustedProxies: [],
    });
  });

  test.each([
    ['9000', { host: '127.0.0.1', port: 9000 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['beat.internal:0', { host: 'beat.internal', port: 0 }],
  ])('--http %s listens there, instead of where the file says', (listen, address) => {
    expect(resolveSettings({ http: { port: 1 } }, { http: { listen } }).http).toMatchObject(address);
  });

  test('tokens of the environment win over the file', () => {
    const http = { readToken: TOKEN, changeToken: `${TOKEN}-2` };
    const settings = resolveSettings({ http }, { http: { readToken: `${TOKEN}-3` } });
    expect(settings.http).toMatchObject({ readToken: `${TOKEN}-3`, changeToken: `${TOKEN}-2` });
  });

  test.each(['x', '70000', ':80', '::1:80', '1.2.3.4'])('--http %s is rejected', (listen) => {
    expect(() => resolveSettings({}, { http: { listen } })).toThrow(
      `--http: expected [HOST:]PORT, such as 8040 or 0.0.0.0:8040, got "${listen}"`,
    );
  });

  test('are rejected with all problems, and without the tokens', () => {
    const http = { port: -1, readToken: 'short', trustedProxies: ['10.0.0.0/33', 'proxy'], tokn: 1 };
    expect(problemsOf({ http })).toEqual([
      'http.port: expected a port from 0 to 65535 (0: a free one), got -1',
      'http.readToken: expected a text of 16 or more characters, without spaces, got another value (not shown: it may be a secret)',
      'http.trustedProxies[0]: expected a list of IP addresses and CIDR ranges, such as 10.0.0.0/8, got "10.0.0.0/33"',
      'http.trustedProxies[1]: expected a list of IP addresses and CIDR ranges, such as 10.0.0.0/8, got "proxy"',
      'http.tokn: unknown key; allowed: host, port, readToken, changeToken, trustedUserHeader, trustedProxies',
    ]);
  });

  test('are rejected when both tokens are the same, or any client could name a user', () => {
    const http = { readToken: TOKEN, changeToken: TOKEN, trustedUserHeader: 'X-User' };
    expect(problemsOf({ http })).toEqual([
      'http.changeToken: must differ from readToken, which may only read',
      'http.trustedUserHeader: requires trustedProxies: any client could send the header',
    ]);
  });

  test.each([
    ['127.0.0.1', {}, true],
    ['127.1.2.3', {}, true],
    ['::1', {}, true],
    ['localhost', {}, true],
    ['0.0.0.0', {}, false],
    ['::', {}, false],
    ['192.168.1.1', {}, false],
    ['beat.internal', { changeToken: TOKEN }, false],
    ['0.0.0.0', { readToken: TOKEN }, true],
    ['0.0.0.0', { trustedUserHeader: 'X-User', trustedProxies: ['10.0.0.1'] }, true],
  ])('of the host %s with %o may be served: %s', (host, more, isAllowed) => {
    const error = unprotectedError(resolveSettings({ http: { host, ...more } }).http!);
    expect(error === null).toBe(isAllowed);
  });
});
