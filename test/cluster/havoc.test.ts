import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { Random } from '../../chaos/random.ts';
import { findGaps, readRedisQueue, findDuplicates } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { chooseSeed, SEED } from '../support/seed.ts';
import { requireService } from '../support/services.ts';
import { INTERVAL, Team } from '../support/team.ts';

const STEPS = 10;

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'havoc on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ appendOnly: true });
  });
  afterAll(() => server.stop());

  /** Each leaves two beats and a Redis behind, and does not wait for them to have found each other. */
  const BLOWS: Record<string, (team: Team) => Promise<unknown>> = {
    'the leader is killed': async (team) => {
      await Promise.all([team.roles().leader.kill(), team.join()]);
    },
    'the leader is told to stop': async (team) => {
      await Promise.all([team.roles().leader.stop(), team.join()]);
    },
    'the follower is killed': async (team) => {
      await Promise.all([team.roles().follower.kill(), team.join()]);
    },
    'the leader is frozen until another has sent': async (team) => {
      const { leader, follower } = team.roles();
      leader.freeze();
      await follower.waitForRuns(2);
      leader.thaw();
    },
    'Redis is killed and comes back': async () => {
      await server.kill();
      await server.start();
    },
    'Redis is frozen until somebody notices': async (team) => {
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

  test('whatever dies or freezes, and in whatever order, each run is in the queue once', async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    // An error that ends the test early, a time limit included, names no seed.
    onTestFailed(() => console.error(`havoc: to repeat the choices, set ${SEED}=${seed}`));
    const history: string[] = [];
    await using team = await Team.start(server.url(), 1);
    for (const blow of shuffled(random)) {
      history.push(blow);
      await BLOWS[blow]!(team);
      await team.waitForRuns(random.int(0, 5));
    }
    await team.waitForRuns(3);
    await team.stop();

    const all = await readRedisQueue(server.client);
    const lost = findGaps(all, INTERVAL);
    const logged = new Set(all.map(({ id }) => id));
    const untrue = team.sent.filter((id) => !logged.has(id));
    expect({ seed, history, twice: findDuplicates(all), lost, untrue }).toEqual({
      seed,
      history,
      twice: [],
      lost: [],
      untrue: [],
    });
    expect(all.length).toBeGreaterThan(3 * STEPS);
  });

  /** Every blow at least once, and some again. */
  function shuffled(random: Random): string[] {
    const names = Object.keys(BLOWS);
    const more = Array.from({ length: STEPS - names.length }, () => random.pick(names));
    const keyed = [...names, ...more].map((name) => ({ name, key: random.next() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ name }) => name);
  }
});
