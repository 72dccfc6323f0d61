import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Beat } from '../../src/index.ts';
import { findGaps, readRedisQueue, findDuplicates } from '../support/queues.ts';
import { MASTER, Sentinels } from '../support/sentinels.ts';
import { requireService } from '../support/services.ts';
import { INTERVAL, makeSchedule } from '../support/team.ts';
import { nextEvent } from '../support/next-event.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'two instances behind sentinels', () => {
  let sentinels: Sentinels;
  const beats: Beat[] = [];
  const sent = new Set<string>();

  beforeEach(async () => {
    sentinels = await Sentinels.start({ password: 'p@ss', sentinelPassword: 'watch' });
    sent.clear();
  });
  afterEach(async () => {
    await Promise.all(beats.splice(0).map((beat) => beat.stop()));
    await sentinels[Symbol.asyncDispose]();
  });

  const start = async (event: 'leading' | 'following'): Promise<Beat> => {
    const beat = new Beat({
      brokerUrl: sentinels.url(),
      brokerTransportOptions: { masterName: MASTER, sentinelKwargs: { password: 'watch' } },
      lock: { ttl: '1s' },
      beatSchedule: makeSchedule(),
    });
    beats.push(beat);
    beat.on('sent', ({ taskId }) => sent.add(taskId));
    const ready = nextEvent(beat, event);
    await beat.start();
    await ready;
    return beat;
  };
  const waitForRuns = async (more: number): Promise<void> => {
    const wanted = sent.size + more;
    while (sent.size < wanted) await Promise.race(beats.map((beat) => nextEvent(beat, 'sent')));
  };
  const expectEachRunOnce = async (server: Sentinels['servers'][number]): Promise<void> => {
    await Promise.all(beats.map((beat) => beat.stop()));
    const all = await readRedisQueue(server.client);
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    expect(new Set(all.map(({ id }) => id))).toEqual(sent);
  };

  test('continue on the new master when the old one is killed; no run is lost or doubled', async () => {
    await start('leading');
    await start('following');
    await waitForRuns(6);
    await sentinels.killFirstSentinel();
    const before = sentinels.log.all.length;
    await sentinels.servers[0].kill();
    await sentinels.waitForSwitch(before);
    await waitForRuns(15);
    await expectEachRunOnce(sentinels.servers[1]);
  });

  test('leave a frozen master, which is a replica when it thaws', async () => {
    await start('leading');
    await start('following');
    await waitForRuns(6);
    const before = sentinels.log.all.length;
    sentinels.servers[0].freeze();
    await sentinels.waitForSwitch(before);
    await waitForRuns(9);
    sentinels.servers[0].thaw();
    await waitForRuns(9);
    await expectEachRunOnce(sentinels.servers[1]);
  });

  test('report a master name that no sentinel knows, and retry', async () => {
    const { message } = await new Promise<Error>((resolve) => {
      const beat = new Beat({
        brokerUrl: sentinels.url(),
        brokerTransportOptions: { masterName: 'other', sentinelKwargs: { password: 'watch' } },
        lock: { ttl: '1s' },
        beatSchedule: makeSchedule(),
      });
      beats.push(beat);
      let failures = 0;
      beat.on('failure', ({ error }) => void (++failures === 2 && resolve(error as Error)));
      void beat.start();
    });
    expect(message).toMatch(/^lock\.acquire: no connection to Redis: .*sentinel/);
    expect(message).not.toContain('p@ss');
  });
});
