import { describe, expect, test } from 'vitest';
import { parseAmqpUrl } from '../../../../src/drivers/amqp/url.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { parseEndpoint } from '../../../../src/drivers/endpoint.ts';

describe('an AMQP URL', () => {
  const SAID = { tls: null, login: null, heartbeat: null, timeout: null };
  const GUEST = { username: 'guest', password: 'guest', ...SAID };
  const HERE = { ...GUEST, host: '127.0.0.1', port: 5672, vhost: '/' };

  test.each([
    ['amqp://', HERE],
    ['amqp:////', HERE],
    ['amqp://rabbit', { ...HERE, host: 'rabbit' }],
    ['pyamqp://rabbit:5673//', { ...HERE, host: 'rabbit', port: 5673 }],
    ['amqp://rabbit/', { ...HERE, host: 'rabbit' }],
    ['amqp://rabbit/%2F', { ...HERE, host: 'rabbit' }],
    ['amqp://rabbit/team', { ...HERE, host: 'rabbit', vhost: 'team' }],
    ['amqp://rabbit//team', { ...HERE, host: 'rabbit', vhost: '/team' }],
    ['amqp://rabbit/a%2Fb%20c', { ...HERE, host: 'rabbit', vhost: 'a/b c' }],
    ['amqp://me:p%40ss%2Fw@rabbit/', { ...HERE, host: 'rabbit', username: 'me', password: 'p@ss/w' }],
    ['amqp://me@rabbit/', { ...HERE, host: 'rabbit', username: 'me', password: '' }],
    ['amqp://[::1]:5/', { ...HERE, host: '::1', port: 5 }],
    [
      'amqps://rabbit/',
      { ...HERE, host: 'rabbit', port: 5671, tls: { rejectUnauthorized: true, servername: 'rabbit' } },
    ],
    ['amqps://rabbit:1/', { ...HERE, host: 'rabbit', port: 1, tls: expect.anything() as unknown }],
    ['amqp://:pw@rabbit/', { ...HERE, host: 'rabbit', username: '', password: 'pw' }],
    ['amqp://rabbit/?virtual_host=team', { ...HERE, host: 'rabbit', vhost: 'team' }],
    ['amqp://rabbit/a?virtual_host=b', { ...HERE, host: 'rabbit', vhost: 'a' }],
    ['amqp://rabbit/?login_method=EXTERNAL', { ...HERE, host: 'rabbit', login: 'EXTERNAL' }],
    ['amqp://rabbit/?heartbeat=20', { ...HERE, host: 'rabbit', heartbeat: 20_000 }],
    ['amqp://rabbit/?heartbeat=0', { ...HERE, host: 'rabbit', heartbeat: 0 }],
    ['amqp://rabbit/?connect_timeout=1.5', { ...HERE, host: 'rabbit', timeout: 1_500 }],
  ])('has the address of %s', (url, address) => {
    expect(parseAmqpUrl(parseEndpoint(url))).toEqual(address);
  });

  test.each(['amqp://a:b/c@rabbit:x/', 'amqps://rabbit/?ssl_cert_reqs=maybe', 'amqp://a:%@rabbit/'])(
    'is rejected with an error that does not contain it: %s',
    (url) => {
      expect(() => parseAmqpUrl(parseEndpoint(url))).toThrow(ConfigError);
      expect(() => parseAmqpUrl(parseEndpoint(url))).not.toThrow(url);
    },
  );

  test.each(['amqp://rabbit:x/', 'amqp://a:b/c@rabbit:x/'])(
    'is rejected with a legible hint, also if values are masked: %s',
    (url) => {
      const escapes = '%2F for /, %3F for ?, %23 for # and %25 for %';
      const message = `brokerUrl: not a URL; in a user name or password, write ${escapes}`;
      expect(() => parseAmqpUrl(parseEndpoint(url))).toThrow(expect.objectContaining({ message }));
    },
  );

  test('is rejected without the value of a parameter that may be part of a password', () => {
    expect(() => parseAmqpUrl(parseEndpoint('amqp://user:s/?login_method=ecret@rabbit/'))).not.toThrow('ecret');
    expect(() => parseAmqpUrl(parseEndpoint('amqp://rabbit/?login_method=se@cret'))).toThrow(
      'login_method is "**"; allowed: PLAIN, AMQPLAIN, EXTERNAL; in a user name or password, write %2F for /',
    );
  });

  test.each([
    ['login_method=SECRET', 'login_method is "SECRET"; allowed: PLAIN, AMQPLAIN, EXTERNAL'],
    ['heartbeat=-1', 'heartbeat is "-1"; allowed: a number of seconds'],
    ['heartbeat=123456', 'heartbeat is "123456"; allowed: a number of seconds'],
    ['heartbeat=1.5', 'heartbeat is "1.5"; allowed: a number of seconds'],
    ['connect_timeout=0', 'connect_timeout is "0"; allowed: a number of seconds'],
    ['connect_timeout=0.0', 'connect_timeout is "0.0"; allowed: a number of seconds'],
    ['connect_timeout=soon', 'connect_timeout is "soon"; allowed: a number of seconds'],
    ['connect_timeout=', 'connect_timeout is ""; allowed: a number of seconds'],
  ])('is rejected with ?%s', (query, message) => {
    expect(() => parseAmqpUrl(parseEndpoint(`amqp://rabbit/?${query}`))).toThrow(message);
  });
});
