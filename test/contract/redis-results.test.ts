import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResultBackend, ResultSettings } from '../../src/contracts/store/results.ts';
import { StoreError } from '../../src/util/errors.ts';
import { openRedisResults } from '../../src/drivers/redis/results.ts';
import { certificate, RedisServer } from '../support/redis.ts';
import { MASTER, Sentinels } from '../support/sentinels.ts';
import { requireService } from '../support/services.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

const missing = requireService('redis-server');
const DAY = 86_400_000;

describe.skipIf(missing)(missing || 'a result backend in Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start({ password: 'secret' });
  });
  afterAll(() => server.stop());

  async function withResults(
    settings: Partial<ResultSettings>,
    work: (results: ResultBackend) => Promise<unknown>,
    url = server.url(4),
  ): Promise<void> {
    const results = openRedisResults(parseEndpoint(url), {
      expires: DAY,
      expiresByItself: true,
      keyPrefix: '',
      chordOrdered: true,
      extended: false,
      masterName: null,
      sentinelKwargs: {},
      tls: null,
      ...settings,
    });
    try {
      await work(results);
    } finally {
      await results.close();
    }
  }

  const inside = () => server.client.duplicate({ db: 4 });

  test('stores chord sizes under the keys that workers read, with the expiry of results', async () => {
    const nested = '{"result": [["g2", null], []]}';
    const chords = [
      { groupId: 'g1', size: 3, results: null },
      { groupId: 'g2', size: 2, results: nested },
    ];
    // Twice: what was done already is not undone.
    await withResults({}, async (results) => {
      await results.expect(chords);
      await results.expect(chords);
    });
    const client = inside();
    expect((await client.keys('*')).toSorted()).toEqual([
      'celery-taskset-meta-g1.s',
      'celery-taskset-meta-g2',
      'celery-taskset-meta-g2.s',
    ]);
    expect(await client.get('celery-taskset-meta-g1.s')).toBe('3');
    expect(await client.get('celery-taskset-meta-g2')).toBe(nested);
    const left = await client.pttl('celery-taskset-meta-g1.s');
    expect(left).toBeGreaterThan(DAY - 60_000);
    expect(left).toBeLessThanOrEqual(DAY);
    client.disconnect();
  });

  test('stores chord sizes without expiry, and with a prefix, if results do so', async () => {
    await withResults({ expires: null, keyPrefix: 'app:' }, (results) =>
      results.expect([{ groupId: 'g3', size: 1, results: null }]),
    );
    const client = inside();
    expect(await client.pttl('app:celery-taskset-meta-g3.s')).toBe(-1);
    client.disconnect();
  });

  test('is found behind sentinels', async () => {
    await using sentinels = await Sentinels.start({ password: 'secret' });
    await withResults(
      { masterName: MASTER },
      (results) => results.expect([{ groupId: 'g', size: 2, results: null }]),
      sentinels.url(4),
    );
    const client = sentinels.servers[0].client.duplicate({ db: 4 });
    expect(await client.get('celery-taskset-meta-g.s')).toBe('2');
    client.disconnect();
  });

  test('uses TLS where redis_backend_use_ssl is set', async () => {
    const secure = await RedisServer.start({ tls: true });
    const url = `redis://localhost:${secure.port}/4`;
    const chords = [{ groupId: 'g', size: 2, results: null }];
    try {
      await withResults({ tls: { caCerts: certificate } }, (r) => r.expect(chords), url);
      const refused = withResults({ tls: {} }, (r) => r.expect(chords), url);
      await expect(refused).rejects.toThrow(/self-signed certificate/);
    } finally {
      await secure.stop();
    }
  });

  test('that is unreachable is reported without its password', async () => {
    await withResults(
      {},
      async (results) => {
        const heard = results.expect([{ groupId: 'g', size: 1, results: null }]);
        await expect(heard).rejects.toThrow(StoreError);
        await expect(heard).rejects.toThrow(/^results\.expect: no connection to Redis: .*\(redis:\/\/:\*\*@/);
        await expect(heard).rejects.not.toThrow(/secret/);
      },
      'redis://:secret@127.0.0.1:1/4',
    );
  });
});
