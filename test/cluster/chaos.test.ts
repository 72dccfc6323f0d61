import { afterAll, describe, expect, test } from 'vitest';
import { MUTATIONS } from '../../chaos/mutations.ts';
import type { Place } from '../../chaos/ground.ts';
import { Program } from '../../chaos/program.ts';
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
  /** Blows that a check within the commit alone protects from: two leaders, or a commit sent again. */
  readonly hardest?: Kinds;
}

const GROUNDS: Record<string, Ground> = {
  Redis: {
    place: redisPlace,
    missing: requireService('redis-server'),
    hardest: { 'held up': [1_500, 2_500], 'answers lost': [300, 800] },
  },
  SQLite: {
    place: sqlitePlace,
    missing: false,
    hardest: { 'file held': [1_500, 2_500], freeze: [1_200, 2_000] },
  },
  RabbitMQ: { place: rabbitmqPlace, missing: requireService('rabbitmq-server') },
};

async function run(seed: number, place: Place, program: Program, kinds: Kinds) {
  const scenario = scenarioOf(seed, { kinds, length: [5_000, 6_000] });
  const verdict = judge(await play(scenario, place, program.script));
  return { scenario, verdict };
}

for (const [name, { place, missing, hardest }] of Object.entries(GROUNDS)) {
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

    if (!hardest) return;

    test('a sound program stands the blows under which a broken one sends twice', async () => {
      using program = new Program();
      const outcomes = await Promise.all(SEEDS.map((seed) => run(seed, place, program, hardest)));
      expect(outcomes.filter(({ verdict }) => !isClean(verdict)).map(runLine)).toEqual([]);
    });

    test.for(['unchecked', 'publish-first'] as const)(
      'a commit that is %s is found out',
      async (mutation) => {
        using program = new Program(MUTATIONS[mutation]);
        let doubled: string[] = [];
        for (let seed = 1; seed <= PATIENCE && doubled.length === 0; seed++) {
          const { verdict } = await run(seed, place, program, hardest);
          doubled = verdict.violations.doubled;
          console.log(`${name}, ${mutation}, seed ${seed}: ${doubled.length} doubled`);
        }
        expect(doubled).not.toEqual([]);
      },
    );
  });
}

test('a mutation that no longer finds what it breaks says so', () => {
  const gone = { file: 'redis/scripts.js', text: 'no such text', instead: '' };
  expect(() => new Program([gone])).toThrow('0 places');
});
