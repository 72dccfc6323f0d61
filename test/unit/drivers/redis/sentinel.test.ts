import { describe, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../src/broker/connection-settings.ts';
import { isSentinel, sentinelsOf } from '../../../../src/drivers/redis/sentinel.ts';

const transport = { ...DEFAULT_TRANSPORT, masterName: 'mymaster' };

describe('sentinels', () => {
  test('are asked at their own port unless told otherwise, for database 0 of the master', () => {
    expect(sentinelsOf('sentinel://a;sentinel://b:26380/;sentinel://[::1]', transport)).toEqual({
      name: 'mymaster',
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
        { host: '::1', port: 26_379 },
      ],
      db: 0,
    });
  });

  test('share the user, the password and the database that one URL has: they are the master’s', () => {
    const url = 'sentinel://app:p%40ss@a:1/2;sentinel://b:2/2';
    const sentinels = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ];
    const master = { name: 'mymaster', db: 2, username: 'app', password: 'p@ss' };
    expect(sentinelsOf(url, transport)).toEqual({ ...master, sentinels });
  });

  test('are logged in to with a password of their own', () => {
    const sentinelKwargs = { username: 'watcher', password: 'watch', ssl: true };
    expect(sentinelsOf('sentinel://a', { ...transport, sentinelKwargs })).toMatchObject({
      sentinelUsername: 'watcher',
      sentinelPassword: 'watch',
      sentinelTLS: {},
    });
    expect(sentinelsOf('sentinel://a', transport)).not.toHaveProperty('sentinelPassword');
  });

  test('are told from servers by the scheme, and want the name of a master', () => {
    expect([isSentinel('SENTINEL://a'), isSentinel('redis://sentinel:1')]).toEqual([true, false]);
    expect(() => sentinelsOf('sentinel://:hunter2@a', DEFAULT_TRANSPORT)).toThrow(
      /^brokerTransportOptions\.masterName: lacks(?!.*hunter2)/,
    );
  });
});
