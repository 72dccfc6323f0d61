import { describe, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../../src/contracts/broker/connection-settings.ts';
import { parseSentinelUrls } from '../../../../../src/drivers/redis/connection/url.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';

const transport = { ...DEFAULT_TRANSPORT, masterName: 'mymaster' };

describe('sentinel URLs', () => {
  test('have port 26379 and database 0 of the master by default', () => {
    expect(parseSentinelUrls(parseEndpoint('sentinel://a;sentinel://b:26380/;sentinel://[::1]'), transport)).toEqual({
      name: 'mymaster',
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
        { host: '::1', port: 26_379 },
      ],
      db: 0,
    });
  });

  test('share the master’s user, password and database, which one of them has', () => {
    const url = 'sentinel://app:p%40ss@a:1/2;sentinel://b:2/2';
    const sentinels = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ];
    const master = { name: 'mymaster', db: 2, username: 'app', password: 'p@ss' };
    expect(parseSentinelUrls(parseEndpoint(url), transport)).toEqual({ ...master, sentinels });
  });

  test('do not contain the login of the sentinels, which is in sentinelKwargs', () => {
    const sentinelKwargs = { username: 'watcher', password: 'watch', ssl: true };
    expect(parseSentinelUrls(parseEndpoint('sentinel://a'), { ...transport, sentinelKwargs })).toMatchObject({
      sentinelUsername: 'watcher',
      sentinelPassword: 'watch',
      sentinelTLS: {},
    });
    expect(parseSentinelUrls(parseEndpoint('sentinel://a'), transport)).not.toHaveProperty('sentinelPassword');
  });

  test('need the name of the master', () => {
    expect(() => parseSentinelUrls(parseEndpoint('sentinel://:hunter2@a'), DEFAULT_TRANSPORT)).toThrow(
      /^brokerTransportOptions\.masterName: missing(?!.*hunter2)/,
    );
  });
});
