import { afterAll, describe, expect, test } from 'vitest';
import { MUTATIONS } from '../../chaos/mutations.ts';
import type { Place } from '../../chaos/ground.ts';
import { Program } from '../../chaos/program.ts';
import { postgresPlace } from '../../chaos/postgres-ground.ts';
import { rabbitmqPlace } from '../../chaos/rabbitmq-ground.ts';
import { redisPlace } from '../../chaos/redis-ground.ts';
import { isClean, runLine } from '../../chaos/report.ts';
import { play } from '../../chaos/run.ts';
import { scenarioOf, type Kinds } from '../../chaos/scenario.ts';
import { sqlitePlace } from '../../chaos/sqlite-ground.ts';
import { KINDS } from '../../chaos/to-processes.ts';
import { judge } from '../../chaos/verdict.ts';
import { requireService } from '../support/services.ts';

const SEEDS = [1, 2];

/** Runs of a broken program until one shows it: more would mean that the machine is blind. */
const PATIENCE = 6;

interface Ground {
  readonly place: Place;
  readonly missing: string | false;
  /** Blows from which nothing protects but what the mutations take away. */
  readonly hardest: Kinds;
  /** What is found of each way to break the program. */
  readonly found: Partial<Record<keyof typeof MUTATIONS, 'doubled' | 'lost'>>;
}

const GROUNDS: Record<string, Ground> = {
  Redis: {
    place: redisPlace,
    missing: requireService('redis-server'),
    hardest: { 'held up': [1_500, 2_500], 'answers lost': [300, 800] },
    found: { unchecked: 'doubled', 'publish-first': 'doubled' },
  },
  SQLite: {
    place: sqlitePlace,
    missing: false,
    hardest: { 'file held': [1_500, 2_500], freeze: [1_200, 2_000] },
    found: { unchecked: 'doubled', 'publish-first': 'doubled' },
  },
  PostgreSQL: {
    place: postgresPlace,
    missing: requireService('postgres'),
    hardest: { 'held up': [1_500, 2_500], 'answers lost': [300, 800] },
    // What is broken here shows after more runs than a test should take: `npm run chaos -- --break`.
    found: {},
  },
  RabbitMQ: {
    place: rabbitmqPlace,
    missing: requireService('rabbitmq-server') || requireService('redis-server'),
    hardest: { 'network cut': [500, 1_500], 'answers lost': [300, 800] },
    found: { unconfirmed: 'lost' },
  },
};

async function run(seed: number, place: Place, program: Program, kinds: Kinds) {
  const scenario = scenarioOf(seed, { kinds, length: [5_000, 6_000] });
  const verdict = judge(await play(scenario, place, program.script));
  return { scenario, verdict };
}

for (const [name, { place, missing, hardest, found }] of Object.entries(GROUNDS)) {
  describe.skipIf(missing)(missing || `chaos on ${name}`, () => {
    afterAll(() => place.close?.());

    test('whatever happens to beats and broker, nothing is lost, doubled or wrong', async () => {
      using program = new Program();
      const kinds = { ...KINDS, ...place.kinds };
      const outcomes = await Promise.all(SEEDS.map((seed) => run(seed, place, program, kinds)));
      const failed = outcomes.filter(({ verdict }) => !isClean(verdict));
      expect(failed.map(runLine)).toEqual([]);
      for (const { verdict } of outcomes) expect(verdict.figures.sent).toBeGreaterThan(20);
    });

    test('a sound program stands the blows under which a broken one is found out', async () => {
      using program = new Program();
      const outcomes = await Promise.all(SEEDS.map((seed) => run(seed, place, program, hardest)));
      expect(outcomes.filter(({ verdict }) => !isClean(verdict)).map(runLine)).toEqual([]);
    });

    test.for(Object.entries(found))(
      'a program that is %s is found out',
      async ([mutation, what]) => {
        using program = new Program(MUTATIONS[mutation as keyof typeof MUTATIONS]);
        let evidence: string[] = [];
        for (let seed = 1; seed <= PATIENCE && evidence.length === 0; seed++) {
          const { verdict } = await run(seed, place, program, hardest);
          evidence = verdict.violations[what];
          console.log(`${name}, ${mutation}, seed ${seed}: ${evidence.length} ${what}`);
        }
        expect(evidence).not.toEqual([]);
      },
    );
  });
}

test('a mutation that no longer finds what it breaks says so', () => {
  const gone = { file: 'drivers/redis/scripts.js', text: 'no such text', instead: '' };
  expect(() => new Program([gone])).toThrow('0 places');
});
