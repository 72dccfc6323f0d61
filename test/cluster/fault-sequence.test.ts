import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { Random } from '../../chaos/random.ts';
import { findGaps, readRedisQueue, findDuplicates } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { chooseSeed, SEED } from '../support/seed.ts';
import { requireService } from '../support/services.ts';
import { INTERVAL, Team } from '../support/team.ts';

const STEPS = 10;

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'fault sequences on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ appendOnly: true });
  });
  afterAll(() => server.stop());

  /** Each leaves two instances and a Redis running, and does not wait until a leader is elected. */
  const FAULTS: Record<string, (team: Team) => Promise<unknown>> = {
    'the leader is killed': async (team) => {
      await Promise.all([team.roles().leader.kill(), team.join()]);
    },
    'the leader receives SIGTERM': async (team) => {
      await Promise.all([team.roles().leader.stop(), team.join()]);
    },
    'the follower is killed': async (team) => {
      await Promise.all([team.roles().follower.kill(), team.join()]);
    },
    'the leader is frozen until the follower has published': async (team) => {
      const { leader, follower } = team.roles();
      leader.freeze();
      await follower.waitForRuns(2);
      leader.thaw();
    },
    'Redis is killed and restarted': async () => {
      await server.kill();
      await server.start();
    },
    'Redis is frozen until the leader logs a failure': async (team) => {
      const { leader } = team.roles();
      const before = leader.log.all.length;
      server.freeze();
      await leader.waitForEvent('failure', before);
      server.thaw();
    },
    'Redis is frozen while the leader is killed': async (team) => {
      server.freeze();
      await team.roles().leader.kill();
      server.thaw();
      await team.join();
    },
  };

  test('each run is in the queue once after a random sequence of faults', async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    // The assertions print the seed; an earlier error or a timeout does not.
    onTestFailed(() => console.error(`to repeat the sequence of faults, set ${SEED}=${seed}`));
    const history: string[] = [];
    await using team = await Team.start(server.url(), 1);
    for (const fault of shuffle(random)) {
      history.push(fault);
      await FAULTS[fault]!(team);
      await team.waitForRuns(random.int(0, 5));
    }
    await team.waitForRuns(3);
    await team.stop();

    const all = await readRedisQueue(server.client);
    const lost = findGaps(all, INTERVAL);
    const queued = new Set(all.map(({ id }) => id));
    const missing = team.sent.filter((id) => !queued.has(id));
    expect({ seed, history, doubled: findDuplicates(all), lost, missing }).toEqual({
      seed,
      history,
      doubled: [],
      lost: [],
      missing: [],
    });
    expect(all.length).toBeGreaterThan(3 * STEPS);
  });

  /** Returns every fault at least once, and some again. */
  function shuffle(random: Random): string[] {
    const names = Object.keys(FAULTS);
    const more = Array.from({ length: STEPS - names.length }, () => random.pick(names));
    const keyed = [...names, ...more].map((name) => ({ name, key: random.next() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ name }) => name);
  }
});
