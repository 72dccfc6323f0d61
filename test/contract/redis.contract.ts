import { afterAll, beforeAll, describe } from 'vitest';
import type { Redis } from 'ioredis';
import { openRedisStore } from '../../src/drivers/redis/store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import type { TestStateStore } from './outbox.contract.ts';
import { storeOptions } from './test-store.ts';

const DB = 3;

type MakeTestStore = () => Promise<TestStateStore>;

/** Runs contracts on one Redis of their own, which has a password and is reached over TCP or a socket. */
export function onRedis(contracts: (overTcp: MakeTestStore, overSocket: MakeTestStore) => void): void {
  const missing = requireService('redis-server');
  describe.skipIf(missing)(missing || 'redis', () => {
    let server: RedisServer;
    let inside: Redis;

    beforeAll(async () => {
      server = await RedisServer.start({ password: 'p@ss/w%rd' });
      inside = server.client.duplicate({ db: DB });
    });
    afterAll(async () => {
      inside.disconnect();
      await server.stop();
    });

    const placeAt = (url: () => string) => async (): Promise<TestStateStore> => {
      await server.flush();
      const stores: Store[] = [];
      return {
        url: url(),
        open: async (options) => {
          const store = openRedisStore(storeOptions(url(), options));
          stores.push(store);
          return store;
        },
        queued: async (queue) => (await inside.lrange(queue, 0, -1)).reverse().map(read),
        expireLock: async () => {
          await inside.pexpire('beat:lock', 0);
        },
        empty: () => server.flush(),
        forgetBindings: async () => {
          await inside.del(await inside.keys('_kombu.binding.*'));
        },
        damageState: async (entry) => {
          await inside.hset('beat:states', entry, '{"spec":');
        },
        close: async () => {
          await Promise.all(stores.map((store) => store.close()));
        },
      };
    };
    contracts(
      placeAt(() => server.url(DB)),
      placeAt(() => server.socketUrl(DB)),
    );
  });
}

function read(envelope: string): { taskId: string; body: string } {
  const { headers, body } = JSON.parse(envelope) as { headers: { id: string }; body: string };
  return { taskId: headers.id, body: Buffer.from(body, 'base64').toString() };
}
