import { afterAll, describe, expect, test } from 'vitest';
import { checkHistory } from '../../chaos/checker.ts';
import type { EnvironmentType } from '../../chaos/environments/environment.ts';
import { MUTATIONS } from '../../chaos/mutations.ts';
import { PROCESS_FAULT_DURATIONS } from '../../chaos/process-faults.ts';
import { Program } from '../../chaos/program.ts';
import { formatRun, isClean } from '../../chaos/report.ts';
import { runScenario } from '../../chaos/run.ts';
import { generateScenario, type FaultDurations } from '../../chaos/scenario.ts';
import { compareWithSimulation } from '../../chaos/simulated-run.ts';
import { leaveOut } from '../support/left-out.ts';

const SEEDS = [1, 2];

/** The seed whose scenario has hostile requests, commands, results and records too. */
const HOSTILE_SEED = 2;

/** The seeds in the order in which scenarios are tried; a mutation that none detects is undetected. */
const ATTEMPTS = Array.from({ length: 12 }, (_, i) => i + 1);

export interface Subject {
  readonly type: EnvironmentType;
  /** Why its tests are skipped; `false` when its servers are installed. */
  readonly missing: string | false;
  /** Faults that violate the guarantees unless the safeguards work that the mutations remove. */
  readonly faults: FaultDurations;
  /** The violation that each mutation leads to. */
  readonly mutations: Partial<Record<keyof typeof MUTATIONS, 'doubled' | 'lost' | 'commands' | 'overlaps'>>;
  /** The seed whose scenario detects the mutations most often, which is tried first. */
  readonly firstSeed?: number;
}

interface RunOptions {
  readonly hostile?: boolean;
  /** Whether the simulation, under the same faults, must come to the same account. */
  readonly simulate?: boolean;
}

async function run(
  seed: number,
  type: EnvironmentType,
  program: Program,
  faults: FaultDurations,
  { hostile = false, simulate = false }: RunOptions = {},
) {
  const { overlap } = type;
  const scenario = generateScenario(seed, { faults, overlap, hostile, length: [5_000, 6_000] });
  const history = await runScenario(scenario, type, program.script);
  const result = checkHistory(history);
  if (simulate) result.violations.simulation.push(...(await compareWithSimulation(scenario, history, type)));
  // How late runs are beside hostile inputs is measured by `npm run chaos -- --hostile`, on a machine without other load.
  return { scenario, result: { ...result, violations: { ...result.violations, late: [] } } };
}

/** Tests the guarantees on one broker, and that the checker detects their violation. */
export function testChaos(name: string, { type, missing, faults, mutations, firstSeed = 1 }: Subject) {
  describe.skipIf(missing)(missing || `chaos on ${name}`, () => {
    afterAll(() => type.close?.());

    test(`no run is lost, doubled or wrong, none overlap, and every command is applied once, under random faults`, async () => {
      using program = new Program();
      const all = { ...PROCESS_FAULT_DURATIONS, ...type.faults };
      const runs = SEEDS.map((seed) => {
        const hostile = seed === HOSTILE_SEED;
        return run(seed, type, program, all, { hostile, simulate: !hostile });
      });
      const outcomes = await Promise.all(runs);
      const failed = outcomes.filter(({ result }) => !isClean(result));
      expect(failed.map(formatRun)).toEqual([]);
      for (const { result } of outcomes) {
        expect(result.figures.sent).toBeGreaterThan(20);
        if (type.overlap.length > 0) expect(result.figures.received).toBeGreaterThan(0);
      }
    });

    const leftOut = leaveOut('mutations');
    // Without mutations to detect, these faults are among those of the test above.
    if (Object.keys(mutations).length === 0) return;
    test.skipIf(leftOut)(`the unmutated program passes the faults that detect mutations`, async () => {
      using program = new Program();
      const outcomes = await Promise.all(SEEDS.map((seed) => run(seed, type, program, faults)));
      expect(outcomes.filter(({ result }) => !isClean(result)).map(formatRun)).toEqual([]);
    });

    describe.skipIf(leftOut)(leftOut || `mutations`, () => {
      test.for(Object.entries(mutations))(`the checker detects the mutation %s`, async ([mutation, violation]) => {
        using program = new Program(MUTATIONS[mutation as keyof typeof MUTATIONS]);
        let found: string[] = [];
        for (const seed of new Set([firstSeed, ...ATTEMPTS])) {
          const { result } = await run(seed, type, program, faults);
          found = result.violations[violation];
          console.log(`${name}, ${mutation}, seed ${seed}: ${found.length} ${violation}`);
          if (found.length > 0) break;
        }
        expect(found).not.toEqual([]);
      });
    });
  });
}
