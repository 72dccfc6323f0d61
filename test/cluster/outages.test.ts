import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BeatEvents } from '../../src/contracts/events/beat-events.ts';
import { Beat, type BeatConfig } from '../../src/index.ts';
import { Journal } from '../support/journal.ts';
import { Proxy } from '../support/proxy.ts';
import { findGaps, readRedisQueue, findDuplicates } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { INTERVAL, makeSchedule } from '../support/team.ts';
import { nextEvent } from '../support/next-event.ts';

const missing = requireService('redis-server');

/** Outages of servers while instances keep running. An unhandled rejection fails the test run. */
describe.skipIf(missing)(missing || 'outages', () => {
  let server: RedisServer;
  const beats: Beat[] = [];
  /** Task ids, one for each `sent` event. */
  let sent = new Journal<string>();

  beforeEach(async () => {
    server = await RedisServer.start({ appendOnly: true });
    sent = new Journal();
  });
  afterEach(async () => {
    await stop();
    await server.stop();
  });

  const stop = () => Promise.all(beats.splice(0).map((beat) => beat.stop()));
  const make = (config: BeatConfig = {}): Beat => {
    const common = { brokerUrl: server.url(), lock: { ttl: '1s' }, beatSchedule: makeSchedule() };
    const beat = new Beat({ ...common, ...config });
    beats.push(beat);
    beat.on('sent', ({ taskId }) => void sent.add(taskId));
    return beat;
  };
  const collect = <K extends keyof BeatEvents>(beat: Beat, event: K) => {
    const all: BeatEvents[K][0][] = [];
    const listener = (...args: BeatEvents[K]) => void all.push(args[0]);
    beat.on(event, listener);
    return all;
  };
  const start = async (event: 'leading' | 'following', config?: BeatConfig): Promise<Beat> => {
    const beat = make(config);
    const ready = nextEvent(beat, event);
    await beat.start();
    await ready;
    return beat;
  };
  const waitForRuns = async (more: number): Promise<void> => {
    const wanted = sent.all.length + more;
    await sent.until(`${more} more runs`, (all) => all.length >= wanted || undefined);
  };
  const expectEachRunOnce = async (): Promise<void> => {
    await stop();
    const all = await readRedisQueue(server.client);
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(sent.all));
  };

  describe('lock servers', () => {
    let locks: RedisServer[];
    beforeEach(async () => {
      locks = await Promise.all([1, 2, 3].map(() => RedisServer.start()));
    });
    afterEach(() => Promise.all(locks.map((lock) => lock.stop())));
    /** Resolves once the lock is acquired on all of them. */
    const waitForLockOnAll = () =>
      vi.waitFor(
        async () => {
          const all = await Promise.all(locks.map(({ client }) => client.get('beat:lock')));
          expect([...new Set(all)]).toEqual([expect.any(String)]);
        },
        { timeout: 20_000 },
      );
    const lockUrls = () => locks.map((lock) => lock.url());

    test('one of three lock servers that crashes or freezes changes nothing', async () => {
      const leader = await start('leading', { lockUrls: lockUrls() });
      const follower = await start('following', { lockUrls: lockUrls() });
      const terms = [collect(leader, 'leading'), collect(follower, 'leading')];
      const lost = collect(leader, 'following');
      for (const lock of locks) {
        await waitForLockOnAll();
        lock.freeze();
        await waitForRuns(18);
        lock.thaw();
        await waitForLockOnAll();
        await lock.kill();
        await waitForRuns(18);
        await lock.start();
      }
      expect({ terms, lost }).toEqual({ terms: [[], []], lost: [] });
      await expectEachRunOnce();
    });

    test('with two of three lock servers, a clean stop hands over long before the lock expires', async () => {
      const config = { lockUrls: lockUrls(), lock: { ttl: '60s' } };
      const leader = await start('leading', config);
      const follower = await start('following', config);
      await waitForRuns(3);
      await locks[0]!.kill();
      const takeover = nextEvent(follower, 'leading');
      await leader.stop();
      await takeover;
      await waitForRuns(3);
      await expectEachRunOnce();
    });

    test('with one of three lock servers no instance leads, until a second one is back', async () => {
      const leader = await start('leading', { lockUrls: lockUrls() });
      await start('following', { lockUrls: lockUrls() });
      await waitForRuns(3);
      const following = nextEvent(leader, 'following');
      locks[0]!.freeze();
      await locks[2]!.kill();
      await following;
      await Promise.all(beats.map((beat) => nextEvent(beat, 'failure')));
      locks[0]!.thaw();
      await waitForRuns(15);
      await expectEachRunOnce();
    });
  });

  test('an unreachable Redis is retried a few times a second, and used once it is reachable', async () => {
    let attempts = 0;
    const refusing = createServer((socket) => {
      attempts += 1;
      socket.destroy();
    });
    refusing.listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const { port } = refusing.address() as AddressInfo;
    const beat = make({ brokerUrl: `redis://127.0.0.1:${port}/0` });
    const failures = collect(beat, 'failure');
    const began = performance.now();
    await beat.start();
    while (failures.length < 12) await nextEvent(beat, 'failure');
    // At most two connections, each retried five times a second, on a machine of any speed.
    const seconds = (performance.now() - began) / 1_000;
    expect(attempts).toBeLessThan(2 * (5 * seconds + 2));
    expect(String(failures[0]!.error)).toMatch(/lock\.acquire: no connection to Redis: /);
    refusing.close();
    await once(refusing, 'close');
    await beat.stop();

    await server.kill();
    const late = make();
    await late.start();
    await nextEvent(late, 'failure');
    const leading = nextEvent(late, 'leading');
    await server.start();
    await leading;
    await waitForRuns(3);
    await expectEachRunOnce();
  });

  test('a Redis with a long round trip causes no failure', async () => {
    await using proxy = await Proxy.to(server.port);
    proxy.latency = 60;
    const brokerUrl = `redis://127.0.0.1:${proxy.port}/0`;
    const leader = await start('leading', { brokerUrl, lock: { ttl: '4s' } });
    const follower = await start('following', { brokerUrl, lock: { ttl: '4s' } });
    const failures = [collect(leader, 'failure'), collect(follower, 'failure')];
    await waitForRuns(15);
    expect(failures).toEqual([[], []]);
    const takeover = nextEvent(follower, 'leading');
    await leader.stop();
    await takeover;
    await waitForRuns(6);
    await expectEachRunOnce();
  });

  test('a Redis out of memory ends no term; due runs are published once it has memory again', async () => {
    const leader = await start('leading');
    await start('following');
    await waitForRuns(3);
    const failures = collect(leader, 'failure');
    const terms = beats.map((beat) => collect(beat, 'leading'));
    await server.client.config('SET', 'maxmemory', '1');
    // Longer than the lock's TTL.
    while (failures.length < 6) await nextEvent(leader, 'failure');
    await server.client.config('SET', 'maxmemory', '0');
    await nextEvent(leader, 'recovered');
    await waitForRuns(15);
    expect(new Set(failures.map(({ operation }) => operation.kind))).toEqual(new Set(['commit']));
    expect(terms).toEqual([[], []]);
    await expectEachRunOnce();
  });

  test.each(['all', "all but the lock's"])(
    'a Redis that lost %s keys is reported once, and no past run is published again',
    async (what) => {
      const scheduling = collect(await start('leading'), 'scheduling');
      await waitForRuns(6);
      const flushedAt = Date.now();
      const keys = await server.client.keys('*');
      await server.client.del(keys.filter((key) => what === 'all' || key !== 'beat:lock'));
      await waitForRuns(15);
      await stop();
      expect(scheduling.filter(({ ledgerLost }) => ledgerLost)).toHaveLength(1);
      const all = await readRedisQueue(server.client);
      expect(all.filter(({ dueAt }) => dueAt < flushedAt - INTERVAL)).toEqual([]);
      expect(findDuplicates(all)).toEqual([]);
      expect(findGaps(all, INTERVAL)).toEqual([]);
    },
  );

  test('a Redis restored from an older state gets the same runs again with the same task ids', async () => {
    await start('leading');
    await waitForRuns(9);
    const keys = (await server.client.keys('*')).filter((key) => key !== 'beat:lock');
    const dumps = await Promise.all(keys.map((key) => server.client.dumpBuffer(key)));
    await waitForRuns(15);
    const restore = server.client.multi().flushall();
    keys.forEach((key, i) => restore.restore(key, 0, dumps[i]!));
    await restore.exec();
    await waitForRuns(15);
    await expectEachRunOnce();
  });
});
