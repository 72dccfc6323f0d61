// Beats are killed, frozen, cut off and replaced at random, while what they send is held against what
// their schedules say. Ends with 1 if anything was lost, doubled or wrong.
// npm run chaos -- [--broker redis|sqlite|rabbitmq|postgres] [--runs 10] [--seed 1] [--jobs 2] [--break NAME] [--keep]
// --keep writes down what sound runs saw, too.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import build from '../test/support/build.ts';
import type { Place } from './ground.ts';
import { MUTATIONS } from './mutations.ts';
import { postgresPlace } from './postgres-ground.ts';
import { Program } from './program.ts';
import { rabbitmqPlace } from './rabbitmq-ground.ts';
import { redisPlace } from './redis-ground.ts';
import { isClean, runLine, summary, type Outcome } from './report.ts';
import { play } from './run.ts';
import { scenarioOf } from './scenario.ts';
import { sqlitePlace } from './sqlite-ground.ts';
import { KINDS } from './to-processes.ts';
import { judge } from './verdict.ts';

const PLACES: Readonly<Record<string, Place>> = {
  redis: redisPlace,
  sqlite: sqlitePlace,
  rabbitmq: rabbitmqPlace,
  postgres: postgresPlace,
};

const LENGTH = [8_000, 16_000] as const;

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'redis' },
    runs: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    break: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const place = oneOf('broker', values.broker, PLACES);
const mutations = values.break === undefined ? [] : oneOf('break', values.break, MUTATIONS);
const [runs, first, jobs] = [values.runs, values.seed, values.jobs].map(wholeNumber) as [
  number,
  number,
  number,
];

build();
using program = new Program(mutations);
const outcomes: Outcome[] = [];
let next = first;
await Promise.all(Array.from({ length: jobs }, worker));
await place.close?.();
console.log(`\n${summary(outcomes)}`);
process.exitCode = outcomes.every(({ verdict }) => isClean(verdict)) ? 0 : 1;

async function worker(): Promise<void> {
  while (next < first + runs) {
    const seed = next++;
    const scenario = scenarioOf(seed, { kinds: { ...KINDS, ...place.kinds }, length: LENGTH });
    const evidence = await play(scenario, place, program.script);
    const outcome = { scenario, verdict: judge(evidence) };
    outcomes.push(outcome);
    console.log(runLine(outcome));
    if (isClean(outcome.verdict) && !values.keep) continue;
    const file = `chaos-${values.broker}-${seed}.json`;
    const records = Object.fromEntries(evidence.records);
    writeFileSync(
      file,
      JSON.stringify({ ...outcome, evidence: { ...evidence, records } }, null, 1),
    );
    console.log(
      `    all of it: ${file}; again: npm run chaos -- --broker ${values.broker} --runs 1 --seed ${seed}`,
    );
  }
}

function oneOf<T>(what: string, name: string, among: Readonly<Record<string, T>>): T {
  const found = among[name];
  if (found !== undefined) return found;
  return refuse(`no ${what} ${name}; there are: ${Object.keys(among).join(', ')}`);
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : refuse(`"${text}" is no whole number`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
