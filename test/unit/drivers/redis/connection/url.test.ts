import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../../src/contracts/broker/connection-settings.ts';
import { ConfigError } from '../../../../../src/util/errors.ts';
import {
  type Address,
  normalizeRedisUrl,
  parseRedisUrl,
  parseSentinelUrls,
  readDatabase,
} from '../../../../../src/drivers/redis/connection/url.ts';
import { certificate, certificateKey } from '../../../../support/redis.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';

describe('a Redis URL has the address', () => {
  test.each<[string, Address]>([
    ['redis://', { host: '127.0.0.1', port: 6379, db: 0 }],
    ['redis://example.org', { host: 'example.org', port: 6379, db: 0 }],
    ['redis://localhost:6380/', { host: 'localhost', port: 6380, db: 0 }],
    ['redis://localhost:6380/15', { host: 'localhost', port: 6380, db: 15 }],
    ['redis://localhost//2', { host: 'localhost', port: 6379, db: 2 }],
    ['redis://localhost?virtual_host=4', { host: 'localhost', port: 6379, db: 4 }],
    ['redis:///1', { host: '127.0.0.1', port: 6379, db: 1 }],
    ['redis://[::1]:6379/0', { host: '::1', port: 6379, db: 0 }],
    ['REDIS://h', { host: 'h', port: 6379, db: 0 }],
    ['redis://:secret@h/0', { host: 'h', port: 6379, db: 0, password: 'secret' }],
    ['redis://:123@h', { host: 'h', port: 6379, db: 0, password: '123' }],
    ['redis://:secret@:6380/1', { host: '127.0.0.1', port: 6380, db: 1, password: 'secret' }],
    ['redis://app:p%40s%2Fs%25@h', { host: 'h', port: 6379, db: 0, username: 'app', password: 'p@s/s%' }],
    ['redis://app:p@ss@h', { host: 'h', port: 6379, db: 0, username: 'app', password: 'p@ss' }],
    ['redis+socket:///run/redis.sock', { path: '/run/redis.sock', db: 0 }],
    ['redis+socket:///run/redis.sock?virtual_host=5', { path: '/run/redis.sock', db: 5 }],
    ['redis+socket://:pw@/run/r.sock?virtual_host=/1', { path: '/run/r.sock', db: 1, password: 'pw' }],
    ['unix:///run/a%20b.sock?db=2', { path: '/run/a b.sock', db: 2 }],
    ['unix://app:pw@/r.sock', { path: '/r.sock', db: 0, username: 'app', password: 'pw' }],
  ])('%s', (url, address) => {
    expect(parseRedisUrl(parseEndpoint(url))).toEqual(address);
  });
});

describe('a rediss URL', () => {
  test('verifies the certificate by default', () => {
    const tls = { rejectUnauthorized: true, servername: 'h' };
    expect(parseRedisUrl(parseEndpoint('rediss://h/1'))).toEqual({ host: 'h', port: 6379, db: 1, tls });
  });

  test.each([
    ['required', true],
    ['CERT_REQUIRED', true],
    ['optional', true],
    ['CERT_NONE', false],
    ['none', false],
  ])('accepts ssl_cert_reqs=%s', (reqs, rejectUnauthorized) => {
    expect(parseRedisUrl(parseEndpoint(`rediss://h?ssl_cert_reqs=${reqs}`)).tls).toMatchObject({ rejectUnauthorized });
  });

  test('reads certificates from files', () => {
    const key = certificateKey;
    const files = `ssl_ca_certs=${certificate}&ssl_certfile=${certificate}&ssl_keyfile=${key}`;
    const { tls } = parseRedisUrl(parseEndpoint(`rediss://h?${files}`));
    const [pem, secret] = [readFileSync(certificate), readFileSync(key)];
    expect(tls).toMatchObject({ ca: pem, cert: pem, key: secret });
  });

  test('does not check the name in the certificate with ssl_check_hostname=false', () => {
    const { tls } = parseRedisUrl(parseEndpoint('rediss://h?ssl_check_hostname=False'));
    expect(tls?.checkServerIdentity?.('h', {} as never)).toBeUndefined();
    expect(parseRedisUrl(parseEndpoint('rediss://h?ssl_check_hostname=true')).tls).not.toHaveProperty(
      'checkServerIdentity',
    );
  });

  test('sends no server name for an IP address', () => {
    expect(parseRedisUrl(parseEndpoint('rediss://10.0.0.1')).tls).not.toHaveProperty('servername');
    expect(parseRedisUrl(parseEndpoint('rediss://[::1]')).tls).not.toHaveProperty('servername');
  });
});

describe('an invalid Redis URL is rejected', () => {
  test.each([
    ['redis://h:port', 'not a URL'],
    ['redis://h/zero', 'database "zero" is not a number'],
    ['redis://h/0?db=-1', 'database "-1" is not a number'],
    ['redis://:100%@h', 'the password contains a %'],
    ['redis+socket:///run/100%.sock', 'the path contains a %'],
    ['rediss://h?ssl_cert_reqs=maybe', 'ssl_cert_reqs is "maybe"; allowed: required, optional, none'],
    ['rediss://h?ssl_ca_cert=/x', 'unknown parameter "ssl_ca_cert"; allowed: ssl_cert_reqs,'],
    ['rediss://h?ssl_ca_certs=/no/such/file', '/no/such/file cannot be read'],
  ])('%s', (url, message) => {
    const parse = () => parseRedisUrl(parseEndpoint(url));
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(`brokerUrl: ${message}`);
  });

  test('with an error that does not contain the password', () => {
    expect(() => parseRedisUrl(parseEndpoint('redis://:hunter2/x#@h'))).toThrow(/^(?!.*hunter2)/s);
  });
});

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

test.each([
  ['redis://localhost/0', 'redis://127.0.0.1:6379'],
  ['redis://:one@redis:6380/2', 'redis://:two@redis:6380/2'],
  ['redis+socket:///run/redis.sock?virtual_host=1', 'unix:///run/redis.sock?db=1'],
  ['sentinel://a:26379/0;sentinel://b:26379/0', 'sentinel://b:26379/0;sentinel://a:26379/0'],
])('redis URLs: %s and %s name one database', (one, other) => {
  expect(normalizeRedisUrl(parseEndpoint(one))).toBe(normalizeRedisUrl(parseEndpoint(other)));
});

test.each([
  ['redis://localhost/0', 'redis://localhost/1'],
  ['redis://localhost/0', 'redis://localhost:6380/0'],
  ['redis://localhost/0', 'redis://other/0'],
  ['redis://me:pw@localhost/0', 'redis://you:pw@localhost/0'],
  ['unix:///run/redis.sock', 'unix:///run/other.sock'],
  ['sentinel://a:26379/0', 'sentinel://b:26379/0'],
])('redis URLs: %s and %s differ in server, database or user', (one, other) => {
  expect(normalizeRedisUrl(parseEndpoint(one))).not.toBe(normalizeRedisUrl(parseEndpoint(other)));
});

test.each([
  ['redis://localhost', 0],
  ['redis://localhost/3', 3],
  ['sentinel://a:26379/0;sentinel://b:26379/5', 5],
])('redis URLs: the database of %s is %i', (url, db) => {
  const transport = { ...DEFAULT_TRANSPORT, masterName: 'mymaster' };
  expect(readDatabase(parseEndpoint(url), transport)).toBe(db);
});
