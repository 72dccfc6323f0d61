import { parseArgs } from 'node:util';
import { RULES, type Violation } from './invariants.ts';
import { drawPlan, type Plan, type StoreKind } from './plan.ts';
import { PlanError, readPlan, writePlan } from './plan-file.ts';
import { reduce } from './reduce.ts';
import { formatTimeline } from './timeline.ts';
import { World, type Result } from './world.ts';

const HELP = `Runs complete instances of beat in a simulated world, with faults that a seed decides, and checks after each
step that no guarantee is broken. The same seed gives the same hash on every machine.

  npm run simulate -- [--seed S] [--minutes M] [--instances K] [--store exactly-once|outbox]
  npm run simulate -- --replay FILE
  npm run simulate -- --variants [NAME...]

  --seed S        the first seed; later ones follow (default: the time)
  --seeds N       ends after this number of seeds
  --minutes M     ends after this time of the host (default 1)
  --instances K   how many instances run, 1 to 9; 2 to 4 unless given, as the seed decides
  --store KIND    exactly-once (broker and state are one store) or outbox (they are two); as the seed decides
  --replay FILE   runs the plan in a file again, and prints its timeline
  --variants      runs broken variants of beat, and prints how soon each is found

A violation is reduced to the fewest faults that still show it, its timeline is printed, and its plan is written to
simulation-SEED.json. The exit code is then 1.`;

const STORES: readonly StoreKind[] = ['exactly-once', 'outbox'];

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.variants) {
    const { runVariants } = await import('./run-variants.ts');
    return runVariants(positionals);
  }
  if (positionals.length > 0) throw new UsageError(`unexpected argument "${positionals[0]!}"`);
  if (values.replay !== undefined) return replay(values.replay);
  const store = values.store as StoreKind | undefined;
  if (store !== undefined && !STORES.includes(store)) {
    throw new UsageError(`--store: "${store}" is not one of ${STORES.join(', ')}`);
  }
  const instances = number('instances', values.instances, 1, 9);
  const seed = number('seed', values.seed, 0, 2 ** 32 - 1) ?? Math.floor(Date.now() / 1_000);
  const seeds = number('seeds', values.seeds, 1, 1e9) ?? Infinity;
  const minutes = number('minutes', values.minutes, 1, 10_000) ?? (seeds === Infinity ? 1 : Infinity);
  return simulate({ seed, seeds, minutes, instances, store });
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        seed: { type: 'string' },
        seeds: { type: 'string' },
        minutes: { type: 'string' },
        instances: { type: 'string' },
        store: { type: 'string' },
        replay: { type: 'string' },
        variants: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${name}: "${text}" is not a whole number from ${least} to ${most}`);
}

interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly instances: number | undefined;
  readonly store: StoreKind | undefined;
}

async function simulate({ seed: first, seeds, minutes, instances, store }: Options): Promise<number> {
  const begin = performance.now();
  const end = begin + minutes * 60_000;
  const sums = { seeds: 0, hours: 0, faults: 0, published: 0, skipped: 0, commands: 0, terms: 0 };
  let hash = '';
  for (let seed = first; seed < first + seeds && performance.now() < end; seed++) {
    const plan = drawPlan({ seed, instances, store });
    const result = await new World(plan).run();
    ({ hash } = result);
    sums.seeds += 1;
    sums.hours += result.hours;
    for (const name of ['faults', 'published', 'skipped', 'commands', 'terms'] as const)
      sums[name] += result.counts[name];
    const [violation] = result.violations;
    if (violation) {
      console.log(`seed ${seed} breaks a rule: ${RULES[violation.rule]}\n  ${violation.text}`);
      await explain(plan, violation);
      return 1;
    }
  }
  const seconds = (performance.now() - begin) / 1_000;
  // Processor time: other programs of the machine do not count.
  const { user, system } = process.cpuUsage();
  const perMinute = (count: number) => Math.round((count / (user + system)) * 60e6);
  const { hours, faults, ...others } = sums;
  console.log(`seeds ${first} to ${first + sums.seeds - 1}: no violation`);
  console.log(`  ${Math.round(hours)} simulated hours, ${faults} faults in ${seconds.toFixed(1)} s`);
  console.log(`  in a minute of processor time: ${perMinute(hours)} hours, ${perMinute(faults)} faults`);
  console.log(
    `  ${Object.entries(others)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
  );
  console.log(`  memory ${Math.round(process.memoryUsage().heapUsed / 1e6)} MB, hash of the last seed ${hash}`);
  return 0;
}

/** Reduces a plan that breaks a rule, writes it to a file, and prints its timeline. */
async function explain(plan: Plan, { rule }: Violation): Promise<void> {
  console.log(`reducing ${plan.faults.length} faults …`);
  const reduced = await reduce(plan, rule, async (each) => (await new World(each).run()).violations);
  const path = `simulation-${plan.seed}.json`;
  writePlan(path, reduced);
  const result = await new World(reduced, { recordsLines: true }).run();
  printResult(reduced, result);
  console.log(`\nwritten to ${path}; repeat it with: npm run simulate -- --replay ${path}`);
}

async function replay(path: string): Promise<number> {
  const plan = readPlan(path);
  const result = await new World(plan, { recordsLines: true }).run();
  printResult(plan, result);
  return result.violations.length > 0 ? 1 : 0;
}

function printResult(plan: Plan, result: Result): void {
  const { seed, instances, store, faults } = plan;
  console.log(`\nseed ${seed}, ${instances} instances, ${store}, ${faults.length} faults, hash ${result.hash}\n`);
  console.log(formatTimeline(result.lines ?? []));
  for (const { rule, text } of result.violations) console.log(`\nbroken: ${RULES[rule]}\n  ${text}`);
  if (result.violations.length === 0) console.log('\nno violation');
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof PlanError)) throw error;
  console.error(`${error.message}; see --help`);
  process.exitCode = 2;
}
