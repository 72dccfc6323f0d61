import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRedisStore } from '../../src/redis/store.ts';
import type { Store } from '../../src/store.ts';
import { certificate, RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './place.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'rediss', () => {
  let server: RedisServer;
  let store: Store;

  const load = (host: string, query: string) => {
    store = openRedisStore(storeOptions(`rediss://${host}:${server.port}/1?${query}`));
    return store.ledger.load();
  };

  beforeAll(async () => {
    server = await RedisServer.start({ tls: true });
  });
  afterAll(() => server.stop());
  afterEach(() => store.close());

  test('speaks to a server whose certificate it knows', async () => {
    expect(await load('localhost', `ssl_ca_certs=${certificate}`)).toEqual(new Map());
  });

  test('does not speak to a server whose certificate nobody it knows has signed', async () => {
    await expect(load('localhost', '')).rejects.toThrow(/ledger\.load: .*self-signed certificate/);
  });

  test('does not speak to a server under a name that its certificate does not bear', async () => {
    const query = `ssl_ca_certs=${certificate}`;
    await expect(load('127.0.0.1', query)).rejects.toThrow(/ledger\.load: .*altnames/);
  });

  test('speaks to it under another name when told not to look at the name', async () => {
    const query = `ssl_ca_certs=${certificate}&ssl_check_hostname=false`;
    expect(await load('127.0.0.1', query)).toEqual(new Map());
  });

  test('speaks to anybody when told to', async () => {
    expect(await load('127.0.0.1', 'ssl_cert_reqs=none')).toEqual(new Map());
  });
});
