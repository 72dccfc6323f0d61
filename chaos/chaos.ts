// Injects random faults into instances of beat and their broker, and checks what was published against the
// schedules. Exits with 1 on a violation.
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import build from '../test/support/build.ts';
import { checkHistory } from './checker.ts';
import type { EnvironmentType } from './environments/environment.ts';
import { postgresEnvironment } from './environments/postgres.ts';
import { rabbitmqEnvironment } from './environments/rabbitmq.ts';
import { redisEnvironment } from './environments/redis.ts';
import { sqliteEnvironment } from './environments/sqlite.ts';
import { sqsEnvironment } from './environments/sqs.ts';
import { MUTATIONS } from './mutations.ts';
import { PROCESS_FAULT_DURATIONS } from './process-faults.ts';
import { Program } from './program.ts';
import { formatRun, formatSummary, isClean, type Outcome } from './report.ts';
import { runScenario } from './run.ts';
import { compareWithSimulation } from './simulated-run.ts';
import { generateScenario } from './scenario.ts';

const ENVIRONMENTS: Readonly<Record<string, EnvironmentType>> = {
  redis: redisEnvironment,
  sqlite: sqliteEnvironment,
  rabbitmq: rabbitmqEnvironment,
  postgres: postgresEnvironment,
  sqs: sqsEnvironment,
};

/** The time from the first fault of a run to its last, in milliseconds. */
const LENGTH = [8_000, 16_000] as const;

interface Options {
  readonly broker: string;
  readonly runs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly break?: keyof typeof MUTATIONS;
  readonly keep: boolean;
  readonly hostile: boolean;
  readonly simulate: boolean;
}

const options = new Command('npm run chaos --')
  .description('Injects random faults into beat and its broker, and checks what it published.')
  .addOption(new Option('--broker <name>', 'the environment').choices(Object.keys(ENVIRONMENTS)).default('redis'))
  .option('--runs <number>', 'how many scenarios to run', parseWholeNumber, 10)
  .option('--seed <number>', 'the seed of the first scenario; the next has the next', parseWholeNumber, 1)
  .option('--jobs <number>', 'how many run at the same time', parseWholeNumber, 2)
  .addOption(
    new Option('--break <name>', 'run a copy of beat without one of its safeguards').choices(Object.keys(MUTATIONS)),
  )
  .option('--keep', 'write the history of every run to a file, not only of failed ones', false)
  .option(
    '--hostile',
    'send hostile requests, commands, results and records too; needs a machine without other load',
    false,
  )
  .option('--simulate', 'play the faults and commands of each run in the simulation too, and compare', false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();
const environment = ENVIRONMENTS[options.broker]!;

build();
using program = new Program(options.break === undefined ? [] : MUTATIONS[options.break]);
const outcomes: Outcome[] = [];
let next = options.seed;
await Promise.all(Array.from({ length: options.jobs }, runNext));
await environment.close?.();
console.log(`\n${formatSummary(outcomes)}`);
process.exitCode = outcomes.every(({ result }) => isClean(result)) ? 0 : 1;

async function runNext(): Promise<void> {
  while (next < options.seed + options.runs) {
    const seed = next++;
    const faults = { ...PROCESS_FAULT_DURATIONS, ...environment.faults };
    const { overlap } = environment;
    const scenario = generateScenario(seed, { faults, overlap, hostile: options.hostile, length: LENGTH });
    const history = await runScenario(scenario, environment, program.script);
    const result = checkHistory(history);
    if (options.simulate) {
      result.violations.simulation.push(...(await compareWithSimulation(scenario, history, environment)));
    }
    const outcome = { scenario, result };
    outcomes.push(outcome);
    console.log(formatRun(outcome));
    if (isClean(outcome.result) && !options.keep) continue;
    const file = `chaos-${options.broker}-${seed}.json`;
    const [states, tasks, revoked] = [history.states, history.tasks, history.revoked].map(
      (each: ReadonlyMap<string, unknown>) => Object.fromEntries(each),
    );
    const plain = { ...history, states, tasks, revoked };
    writeFileSync(file, JSON.stringify({ ...outcome, history: plain }, null, 1));
    console.log(`    history: ${file}; to repeat: npm run chaos -- --broker ${options.broker} --runs 1 --seed ${seed}`);
  }
}

function parseWholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}
