import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { StoreHealth, Store } from '../../src/contracts/store/store.ts';
import { Proxy } from '../support/proxy.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { forwardableClock, storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis, store health', () => {
  let server: RedisServer;
  const stores: Store[] = [];

  beforeAll(async () => {
    server = await RedisServer.start({ password: 'secret' });
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await server.client.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  });

  const look = (...options: Parameters<typeof storeOptions>): Promise<StoreHealth> => {
    const store = openRedisStore(storeOptions(...options));
    stores.push(store);
    return store.checkHealth!();
  };

  test('reports no skew where both clocks are the same', async () => {
    const { skew } = await look(server.url());
    expect(skew.within).toBeGreaterThan(0);
    expect(Math.abs(skew.ms)).toBeLessThanOrEqual(skew.within + 1);
  });

  test.each([90_000, -90_000])('reports a clock that is %i ms off', async (ms) => {
    const clock = forwardableClock();
    clock.forward(ms);
    const { skew } = await look(server.url(), { clock });
    expect(Math.abs(skew.ms - ms)).toBeLessThanOrEqual(skew.within + 1);
  });

  test.each([
    [
      'allkeys-lru',
      '100mb',
      /^Redis evicts queues and schedule state .*maxmemory 100\.00M, maxmemory-policy allkeys-lru/,
    ],
    ['allkeys-lfu', '1gb', /maxmemory 1\.00G, maxmemory-policy allkeys-lfu/],
  ])('warns of %s with a memory of %s', async (policy, memory, text) => {
    await server.client.config('SET', 'maxmemory', memory, 'maxmemory-policy', policy);
    expect((await look(server.url())).eviction).toMatch(text);
  });

  test.each([
    ['noeviction', '100mb'],
    ['volatile-lru', '100mb'],
    ['allkeys-lru', '0'],
  ])('does not warn of %s with a memory of %s', async (policy, memory) => {
    await server.client.config('SET', 'maxmemory', memory, 'maxmemory-policy', policy);
    expect((await look(server.url())).eviction).toBeNull();
  });

  test('skips checks that the user has no permission for', async () => {
    await server.client.acl('SETUSER', 'narrow', 'on', '>pw', '~*', '&*', '+@all', '-info');
    const findings = await look(`redis://narrow:pw@127.0.0.1:${server.port}/0`);
    expect(findings).toMatchObject({ eviction: null, locks: null });
  });

  test('names the lock server that does not reply, without its password', async () => {
    await using others = new AsyncDisposableStack();
    const started = [1, 2, 3].map(() => RedisServer.start({ password: 'pw' }));
    const locks = (await Promise.all(started)).map((lock) => others.use(lock));
    const endpoints = locks.map((lock) => parseEndpoint(lock.url()));
    const store = openRedisStore(storeOptions(server.url(), { locks: endpoints }));
    stores.push(store);
    await store.lock.acquire();
    expect((await store.checkHealth!()).locks).toBeNull();
    await locks[1]!.kill();
    const { locks: text } = await store.checkHealth!();
    expect(text).toMatch(/^1 of 3 lock servers are unreachable: no connection to Redis: /);
    expect(text).toContain(`:**@127.0.0.1:${locks[1]!.port}/0`);
  });

  test('waits for a lock server that is still connecting', async () => {
    await using others = new AsyncDisposableStack();
    const started = [1, 2, 3].map(() => RedisServer.start({ password: 'pw' }));
    const locks = (await Promise.all(started)).map((lock) => others.use(lock));
    const slow = others.use(await Proxy.to(locks[2]!.port));
    slow.stall();
    const urls = locks.slice(0, 2).map((lock) => lock.url());
    const endpoints = [...urls, `redis://:pw@127.0.0.1:${slow.port}/0`].map((url) => parseEndpoint(url));
    const store = openRedisStore(storeOptions(server.url(), { locks: endpoints }));
    stores.push(store);
    await store.lock.acquire();
    const looking = store.checkHealth!();
    slow.flow();
    expect((await looking).locks).toBeNull();
  });

  test('fails where the server is unreachable', async () => {
    await expect(look('redis://127.0.0.1:1/0')).rejects.toThrow('clock.read: no connection');
  });
});
