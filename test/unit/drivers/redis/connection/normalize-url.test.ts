import { expect, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../../../../../src/contracts/broker/connection-settings.ts';
import { readDatabase, normalizeRedisUrl } from '../../../../../src/drivers/redis/connection/url.ts';
import { parseEndpoint } from '../../../../../src/drivers/endpoint.ts';

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
