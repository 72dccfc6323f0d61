import { afterAll, describe, expect, test } from 'vitest';
import { checkHistory } from '../../chaos/checker.ts';
import type { EnvironmentType } from '../../chaos/environments/environment.ts';
import { postgresEnvironment } from '../../chaos/environments/postgres.ts';
import { rabbitmqEnvironment } from '../../chaos/environments/rabbitmq.ts';
import { redisEnvironment } from '../../chaos/environments/redis.ts';
import { sqliteEnvironment } from '../../chaos/environments/sqlite.ts';
import { MUTATIONS } from '../../chaos/mutations.ts';
import { PROCESS_FAULT_DURATIONS } from '../../chaos/process-faults.ts';
import { Program } from '../../chaos/program.ts';
import { formatRun, isClean } from '../../chaos/report.ts';
import { runScenario } from '../../chaos/run.ts';
import { generateScenario, type FaultDurations } from '../../chaos/scenario.ts';
import { requireService } from '../support/services.ts';

const SEEDS = [1, 2];

/** The seed whose scenario has hostile requests, commands, results and records too. */
const HOSTILE_SEED = 2;

/** How many scenarios may pass before a mutation counts as undetected. */
const ATTEMPTS = 6;

interface Subject {
  readonly type: EnvironmentType;
  readonly missing: string | false;
  /** Faults that violate the guarantees unless the safeguards work that the mutations remove. */
  readonly faults: FaultDurations;
  /** The violation that each mutation leads to. */
  readonly mutations: Partial<
    Record<keyof typeof MUTATIONS, 'doubled' | 'lost' | 'commands' | 'overlaps'>
  >;
}

const SUBJECTS: Record<string, Subject> = {
  Redis: {
    type: redisEnvironment,
    missing: requireService('redis-server'),
    faults: { 'network stalled': [1_500, 2_500], 'replies lost': [300, 800] },
    mutations: {
      ...{ unchecked: 'doubled', 'publish-first': 'doubled' },
      ...{ 'command-repeated': 'commands', overlapping: 'overlaps' },
    },
  },
  SQLite: {
    type: sqliteEnvironment,
    missing: false,
    faults: { 'file write-locked': [1_500, 2_500], freeze: [1_200, 2_000] },
    mutations: { unchecked: 'doubled', 'publish-first': 'doubled' },
  },
  PostgreSQL: {
    type: postgresEnvironment,
    missing: requireService('postgres'),
    faults: { 'network stalled': [1_500, 2_500], 'replies lost': [300, 800] },
    // Detecting a mutation takes more runs than a test should: `npm run chaos -- --break` does.
    mutations: {},
  },
  RabbitMQ: {
    type: rabbitmqEnvironment,
    missing: requireService('rabbitmq-server') || requireService('redis-server'),
    faults: { 'network cut': [500, 1_500], 'replies lost': [300, 800] },
    mutations: { unconfirmed: 'lost' },
  },
};

async function run(
  seed: number,
  type: EnvironmentType,
  program: Program,
  faults: FaultDurations,
  hostile = false,
) {
  const { overlap } = type;
  const scenario = generateScenario(seed, {
    ...{ faults, overlap, hostile, length: [5_000, 6_000] },
  });
  const result = checkHistory(await runScenario(scenario, type, program.script));
  // How late runs are beside hostile inputs is measured by `npm run chaos -- --hostile`, on a machine without other load.
  return { scenario, result: { ...result, violations: { ...result.violations, late: [] } } };
}

for (const [name, { type, missing, faults, mutations }] of Object.entries(SUBJECTS)) {
  describe.skipIf(missing)(missing || `chaos on ${name}`, () => {
    afterAll(() => type.close?.());

    test(`no run is lost, doubled or wrong, none overlap, and every command is applied once, under random faults`, async () => {
      using program = new Program();
      const all = { ...PROCESS_FAULT_DURATIONS, ...type.faults };
      const runs = SEEDS.map((seed) => run(seed, type, program, all, seed === HOSTILE_SEED));
      const outcomes = await Promise.all(runs);
      const failed = outcomes.filter(({ result }) => !isClean(result));
      expect(failed.map(formatRun)).toEqual([]);
      for (const { result } of outcomes) {
        expect(result.figures.sent).toBeGreaterThan(20);
        if (type.overlap.length > 0) expect(result.figures.received).toBeGreaterThan(0);
      }
    });

    // Without mutations to detect, these faults are among those of the test above.
    if (Object.keys(mutations).length > 0) {
      test(`the unmutated program passes the faults that detect mutations`, async () => {
        using program = new Program();
        const outcomes = await Promise.all(SEEDS.map((seed) => run(seed, type, program, faults)));
        expect(outcomes.filter(({ result }) => !isClean(result)).map(formatRun)).toEqual([]);
      });
    }

    test.for(Object.entries(mutations))(
      `the checker detects the mutation %s`,
      async ([mutation, violation]) => {
        using program = new Program(MUTATIONS[mutation as keyof typeof MUTATIONS]);
        let found: string[] = [];
        for (let seed = 1; seed <= ATTEMPTS && found.length === 0; seed++) {
          const { result } = await run(seed, type, program, faults);
          found = result.violations[violation];
          console.log(`${name}, ${mutation}, seed ${seed}: ${found.length} ${violation}`);
        }
        expect(found).not.toEqual([]);
      },
    );
  });
}

test('chaos: a mutation whose text the program no longer has is an error', () => {
  const gone = {
    file: 'drivers/redis/scripts/commit.lua',
    text: 'no such text',
    instead: '',
  };
  expect(() => new Program([gone])).toThrow('found it 0 times');
});
