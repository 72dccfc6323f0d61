import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Beat } from '../../src/index.ts';
import { findGaps, readRedisQueue, findDuplicates } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { ENTRIES, INTERVAL, makeSchedule, Team } from '../support/team.ts';
import { takeover } from './takeover.ts';
import { nextEvent } from '../support/next-event.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'two instances on one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ appendOnly: true });
  });
  afterAll(() => server.stop());
  beforeEach(() => server.flush());

  const queued = () => readRedisQueue(server.client);

  takeover('Redis', { brokerUrl: () => server.url(), queued });

  test('in one process: one leads, and the other one takes over when it stops', async () => {
    const config = { brokerUrl: server.url(), lock: { ttl: '60s' }, beatSchedule: makeSchedule() };
    await using first = new Beat(config);
    await using second = new Beat(config);
    const sent = new Set<string>();
    for (const beat of [first, second]) beat.on('sent', ({ taskId }) => sent.add(taskId));

    const leading = nextEvent(first, 'leading');
    await first.start();
    await leading;
    const following = nextEvent(second, 'following');
    await second.start();
    await following;
    await nextEvent(first, 'sent');

    const takeover = nextEvent(second, 'leading');
    await first.stop();
    await takeover;
    for (let run = 0; run < 6; run++) await nextEvent(second, 'sent');
    await second.stop();

    const all = await queued();
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    expect(new Set(all.map(({ id }) => id))).toEqual(sent);
  });

  test('a leader that was frozen for longer than the TTL publishes nothing more when it thaws', async () => {
    await using team = await Team.start(server.url(), 1);
    for (let round = 0; round < 3; round++) {
      const { leader, follower } = team.roles();
      const [leaderHad, followerHad] = [leader.log.all.length, follower.log.all.length];
      leader.freeze();
      const frozenAt = Date.now();
      await follower.waitForEvent('leading', followerHad);
      await follower.waitForRuns(6);
      leader.thaw();
      await leader.waitForEvent('following', leaderHad);
      await team.waitForRuns(6);
      // It may still log what it committed before.
      const late = leader.log.all.slice(leaderHad).filter(({ event }) => event === 'sent');
      const since = late.filter(({ dueAt }) => Date.parse(String(dueAt)) > frozenAt);
      expect(since).toEqual([]);
    }
    await team.stop();

    const all = await queued();
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(team.sent));
    // Frozen between a commit and its reply, it logs nothing about that batch.
    expect(ids.length - new Set(team.sent).size).toBeLessThanOrEqual(3 * ENTRIES);
  });

  test('schedules restart from the time when Redis was flushed; no past run is published again', async () => {
    await using team = await Team.start(server.url(), 1);
    const flushedAt = Date.now();
    await server.flush();
    await team.waitForRuns(15);
    await team.stop();

    const all = await queued();
    expect(all.length).toBeGreaterThanOrEqual(15);
    expect(all.filter(({ dueAt }) => dueAt < flushedAt - INTERVAL)).toEqual([]);
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
  });
});
