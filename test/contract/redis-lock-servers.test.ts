import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { lockContract } from './lock.contract.ts';
import { storeOptions, type TestStore } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'a lock over three servers', () => {
  let state: RedisServer;
  let servers: RedisServer[];
  const stores: Store[] = [];

  beforeAll(async () => {
    state = await RedisServer.start();
    servers = await Promise.all([1, 2, 3].map(() => RedisServer.start({ password: 'secret' })));
  });
  afterAll(() => Promise.all([state, ...servers].map((server) => server.stop())));

  const open = (options: Parameters<typeof storeOptions>[1] = {}): Store => {
    const locks = servers.map((server) => parseEndpoint(server.url()));
    const store = openRedisStore(storeOptions(state.url(), { locks, ...options }));
    stores.push(store);
    return store;
  };
  const closeAll = () => Promise.all(stores.splice(0).map((store) => store.close()));
  const flush = (among: readonly RedisServer[]) => Promise.all(among.map((each) => each.flush()));

  const placeWith = (alive: () => readonly RedisServer[]) => async (): Promise<TestStore> => {
    await flush(alive());
    return {
      open: async (options) => open(options),
      queued: async () => [],
      expireLock: async () => {
        await Promise.all(alive().map(({ client }) => client.pexpire('beat:lock', 0)));
      },
      empty: () => state.flush(),
      damageState: async () => {},
      close: async () => void (await closeAll()),
    };
  };

  lockContract(
    'redis, three servers',
    placeWith(() => servers),
  );

  describe('with one server down', () => {
    beforeAll(() => servers[0]!.kill());
    afterAll(() => servers[0]!.start());
    lockContract(
      'redis, two of three servers',
      placeWith(() => servers.slice(1)),
    );
  });

  describe('with one silent server', () => {
    beforeAll(() => servers[2]!.freeze());
    afterAll(() => servers[2]!.thaw());
    lockContract(
      'redis, two of three servers',
      placeWith(() => servers.slice(0, 2)),
    );

    test('no operation waits for the silent one', async () => {
      await flush(servers.slice(0, 2));
      const [ours, theirs, waiting] = [open(), open(), open({ locks: [parseEndpoint(servers[2]!.url())] })];
      const gaveUp = vi.fn();
      waiting.lock.acquire().catch(gaveUp);
      const lease = await ours.lock.acquire();
      expect(await theirs.lock.acquire()).toBeNull();
      expect(await lease?.renew()).toBe(true);
      await lease?.release();
      expect(gaveUp).not.toHaveBeenCalled();
      await closeAll();
    });
  });

  describe('with too few servers up', () => {
    beforeEach(() => flush(servers));
    afterEach(async () => {
      await closeAll();
    });

    test('it is neither acquired nor renewed until the second server is back', async () => {
      const { lock } = open({ lockTtl: 2_000 });
      const lease = (await lock.acquire())!;
      await Promise.all([servers[0]!.kill(), servers[1]!.kill()]);
      const message = /^lock\.renew: \d of 3 lock servers failed: no connection to Redis: /;
      await expect(lease.renew()).rejects.toThrow(message);
      await expect(lock.acquire()).rejects.toThrow(/^lock\.acquire: .*; no connection.*\*\*@/);
      await servers[0]!.start();
      // Its memory was lost with it, so that it is the lease that is lost, and not the lock.
      const answer = await vi.waitFor(() => lease.renew(), { timeout: 20_000 });
      expect(answer).toBe(false);
      await lease.release();
      expect(await vi.waitFor(() => lock.acquire(), { timeout: 20_000 })).not.toBeNull();
      await servers[1]!.start();
    });
  });

  test('the next renewal restores it on a server that lost it', async () => {
    await flush(servers);
    const { lock } = open();
    const lease = (await lock.acquire())!;
    const value = () => Promise.all(servers.map(({ client }) => client.get('beat:lock')));
    const everywhere = () =>
      vi.waitFor(async () => {
        expect(await lease.renew()).toBe(true);
        expect(await value()).toEqual([won, won, won]);
      });
    // The first to connect are enough to win it.
    const won = (await value()).find((each) => each !== null);
    await everywhere();
    await servers[1]!.flush();
    await everywhere();
    expect(await servers[1]!.client.pttl('beat:lock')).toBeGreaterThan(0);
    await servers[0]!.flush();
    expect(await lease.renew()).toBe(true);
    await lease.release();
    await closeAll();
  });

  test('an even number of servers is rejected, because of ties', () => {
    const locks = servers.slice(0, 2).map((server) => parseEndpoint(server.url()));
    expect(() => open({ locks })).toThrow('lockUrls: 2 servers; allowed: an odd number');
  });
});
