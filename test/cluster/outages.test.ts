import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BeatEvents } from '../../src/events/beat-events.ts';
import { Beat, type BeatConfig } from '../../src/index.ts';
import { Journal } from '../support/journal.ts';
import { Proxy } from '../support/proxy.ts';
import { findGaps, readRedisQueue, findDuplicates } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { INTERVAL, makeSchedule } from '../support/team.ts';
import { nextEvent } from '../support/next-event.ts';

const missing = requireService('redis-server');

/** What goes wrong around beats that live on. A rejection that nobody handles fails the test run. */
describe.skipIf(missing)(missing || 'outages', () => {
  let server: RedisServer;
  const beats: Beat[] = [];
  /** Task ids, each as often as it was told of. */
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
  const heard = <K extends keyof BeatEvents>(beat: Beat, event: K) => {
    const all: BeatEvents[K][0][] = [];
    const listener = (...said: BeatEvents[K]) => void all.push(said[0]);
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
  const sends = async (more: number): Promise<void> => {
    const wanted = sent.all.length + more;
    await sent.until(`${more} more runs`, (all) => all.length >= wanted || undefined);
  };
  const whole = async (): Promise<void> => {
    await stop();
    const all = await readRedisQueue(server.client);
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(sent.all));
  };

  describe('of the servers of a lock', () => {
    let locks: RedisServer[];
    beforeEach(async () => {
      locks = await Promise.all([1, 2, 3].map(() => RedisServer.start()));
    });
    afterEach(() => Promise.all(locks.map((lock) => lock.stop())));
    /** Resolves once all of them hold the same lock. */
    const everywhere = () =>
      vi.waitFor(
        async () => {
          const all = await Promise.all(locks.map(({ client }) => client.get('beat:lock')));
          expect([...new Set(all)]).toEqual([expect.any(String)]);
        },
        { timeout: 20_000 },
      );
    const lockUrls = () => locks.map((lock) => lock.url());

    test('one that dies or freezes changes nothing, whichever it is', async () => {
      const leader = await start('leading', { lockUrls: lockUrls() });
      const follower = await start('following', { lockUrls: lockUrls() });
      const terms = [heard(leader, 'leading'), heard(follower, 'leading')];
      const lost = heard(leader, 'following');
      for (const lock of locks) {
        await everywhere();
        lock.freeze();
        await sends(18);
        lock.thaw();
        await everywhere();
        await lock.kill();
        await sends(18);
        await lock.start();
      }
      expect({ terms, lost }).toEqual({ terms: [[], []], lost: [] });
      await whole();
    });

    test('with one of three gone a clean stop hands over, long before the lock runs out', async () => {
      const patient = { lockUrls: lockUrls(), lock: { ttl: '60s' } };
      const leader = await start('leading', patient);
      const follower = await start('following', patient);
      await sends(3);
      await locks[0]!.kill();
      const taken = nextEvent(follower, 'leading');
      await leader.stop();
      await taken;
      await sends(3);
      await whole();
    });

    test('without two nobody leads, nothing crashes, and it goes on when one is back', async () => {
      const leader = await start('leading', { lockUrls: lockUrls() });
      await start('following', { lockUrls: lockUrls() });
      await sends(3);
      const following = nextEvent(leader, 'following');
      locks[0]!.freeze();
      await locks[2]!.kill();
      await following;
      await Promise.all(beats.map((beat) => nextEvent(beat, 'failure')));
      locks[0]!.thaw();
      await sends(15);
      await whole();
    });
  });

  test('a Redis that is not there yet is tried a few times a second, and then used', async () => {
    let attempts = 0;
    const nobody = createServer((socket) => {
      attempts += 1;
      socket.destroy();
    });
    nobody.listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    const beat = make({ brokerUrl: `redis://127.0.0.1:${port}/0` });
    const faults = heard(beat, 'failure');
    const began = performance.now();
    await beat.start();
    while (faults.length < 12) await nextEvent(beat, 'failure');
    // At most two connections, each made anew five times a second; however slow the machine.
    const seconds = (performance.now() - began) / 1_000;
    expect(attempts).toBeLessThan(2 * (5 * seconds + 2));
    expect(String(faults[0]!.error)).toMatch(/lock\.acquire: no connection to Redis: /);
    nobody.close();
    await once(nobody, 'close');
    await beat.stop();

    await server.kill();
    const late = make();
    await late.start();
    await nextEvent(late, 'failure');
    const leading = nextEvent(late, 'leading');
    await server.start();
    await leading;
    await sends(3);
    await whole();
  });

  test('a Redis far away is slow, and no fault', async () => {
    await using wire = await Proxy.to(server.port);
    wire.latency = 60;
    const brokerUrl = `redis://127.0.0.1:${wire.port}/0`;
    const leader = await start('leading', { brokerUrl, lock: { ttl: '4s' } });
    const follower = await start('following', { brokerUrl, lock: { ttl: '4s' } });
    const faults = [heard(leader, 'failure'), heard(follower, 'failure')];
    await sends(15);
    expect(faults).toEqual([[], []]);
    const taken = nextEvent(follower, 'leading');
    await leader.stop();
    await taken;
    await sends(6);
    await whole();
  });

  test('a Redis without memory costs no term: what is due waits, and is sent when there is some', async () => {
    const leader = await start('leading');
    await start('following');
    await sends(3);
    const faults = heard(leader, 'failure');
    const terms = beats.map((beat) => heard(beat, 'leading'));
    await server.client.config('SET', 'maxmemory', '1');
    // Longer than the lock lives without being renewed.
    while (faults.length < 6) await nextEvent(leader, 'failure');
    await server.client.config('SET', 'maxmemory', '0');
    await nextEvent(leader, 'recovered');
    await sends(15);
    expect(new Set(faults.map(({ operation }) => operation.kind))).toEqual(new Set(['commit']));
    expect(terms).toEqual([[], []]);
    await whole();
  });

  test.each(['all', 'all but the lock'])(
    'a Redis that lost %s is told of once, and nothing of the past is sent again',
    async (what) => {
      const begun = heard(await start('leading'), 'scheduling');
      await sends(6);
      const flushedAt = Date.now();
      const keys = await server.client.keys('*');
      await server.client.del(keys.filter((key) => what === 'all' || key !== 'beat:lock'));
      await sends(15);
      await stop();
      expect(begun.filter(({ ledgerLost }) => ledgerLost)).toHaveLength(1);
      const all = await readRedisQueue(server.client);
      expect(all.filter(({ dueAt }) => dueAt < flushedAt - INTERVAL)).toEqual([]);
      expect(findDuplicates(all)).toEqual([]);
      expect(findGaps(all, INTERVAL)).toEqual([]);
    },
  );

  test('a Redis that fell back to what it held before gets the same runs again, under the same ids', async () => {
    await start('leading');
    await sends(9);
    const keys = (await server.client.keys('*')).filter((key) => key !== 'beat:lock');
    const dumps = await Promise.all(keys.map((key) => server.client.dumpBuffer(key)));
    await sends(15);
    const fallBack = server.client.multi().flushall();
    keys.forEach((key, i) => fallBack.restore(key, 0, dumps[i]!));
    await fallBack.exec();
    await sends(15);
    await whole();
  });
});
