import { describe, expect, test } from 'vitest';
import { addressOf } from '../../../../src/drivers/amqp/url.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

describe('an AMQP URL leads', () => {
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
    [
      'amqp://me:p%40ss%2Fw@rabbit/',
      { ...HERE, host: 'rabbit', username: 'me', password: 'p@ss/w' },
    ],
    ['amqp://me@rabbit/', { ...HERE, host: 'rabbit', username: 'me', password: '' }],
    ['amqp://[::1]:5/', { ...HERE, host: '::1', port: 5 }],
    [
      'amqps://rabbit/',
      {
        ...HERE,
        host: 'rabbit',
        port: 5671,
        tls: { rejectUnauthorized: true, servername: 'rabbit' },
      },
    ],
  ])('%s', (url, address) => {
    expect(addressOf(url)).toEqual(address);
  });

  test.each([
    'amqp://a:b/c@rabbit:x/',
    'amqps://rabbit/?ssl_cert_reqs=maybe',
    'amqp://a:%@rabbit/',
  ])('nowhere, with an error that leaves it out: %s', (url) => {
    expect(() => addressOf(url)).toThrow(ConfigError);
    expect(() => addressOf(url)).not.toThrow(url);
  });
});
