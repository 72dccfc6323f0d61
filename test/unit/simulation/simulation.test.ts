import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KINDS, drawPlan, type Plan } from '../../../simulation/plan.ts';
import { readPlan, writePlan } from '../../../simulation/plan-file.ts';
import { reduce } from '../../../simulation/reduce.ts';
import { findVariant } from '../../../simulation/run-variants.ts';
import { formatTimeline } from '../../../simulation/timeline.ts';
import { VARIANTS } from '../../../simulation/variants.ts';
import { World } from '../../../simulation/world.ts';
import { Folder } from '../../support/folder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PLANS = join(ROOT, 'simulation/plans');

describe('simulation', () => {
  test.each(['exactly-once', 'outbox'] as const)('%s: the same seed gives the same hash', async (store) => {
    const plan = { ...drawPlan({ seed: 7, store }), hours: 1 };
    const first = await new World(plan).run();
    const second = await new World(plan, { recordsLines: true }).run();
    expect(first.violations).toEqual([]);
    expect(first.counts.published).toBeGreaterThan(10);
    expect(second.hash).toBe(first.hash);
    const other = await new World({ ...drawPlan({ seed: 8, store }), hours: 1 }).run();
    expect(other.hash).not.toBe(first.hash);
  });

  test.each(readdirSync(PLANS))('plans/%s, which once broke a rule, breaks none', async (name) => {
    const { violations } = await new World(readPlan(join(PLANS, name))).run();
    expect(violations).toEqual([]);
  });

  test('all kinds of faults are drawn', () => {
    const drawn = Array.from({ length: 30 }, (_, seed) => drawPlan({ seed }).faults).flat();
    expect(new Set(drawn.map(({ kind }) => kind))).toEqual(new Set(Object.keys(KINDS)));
  });

  test('a timeline names times and processes, and leaves out repeated calls', async () => {
    const { lines } = await new World({ ...drawPlan({ seed: 7 }), faults: [], hours: 1 }, { recordsLines: true }).run();
    const begin = formatTimeline(lines!.slice(0, 60)).split('\n');
    expect(begin).toContainEqual(expect.stringMatching(/^0:00:00\.000 {2}beat 0\.1 +starts$/));
    expect(begin.length).toBeLessThan(60);
    expect(formatTimeline(lines!).split('\n')[0]).toMatch(/^\(\d+ earlier or repeated lines are left out\)$/);
  });
});

describe('variants of the simulation', () => {
  test.each(Object.entries(VARIANTS))('%s replaces one text of its file', (_, { file, text }) => {
    const source = readFileSync(join(ROOT, 'src', file), 'utf8');
    expect(source.split(text)).toHaveLength(2);
  });

  test.each(['no-fencing', 'states-not-compared', 'unconfirmed'])('%s is found', async (name) => {
    const { rule } = await findVariant(name, 200);
    expect(VARIANTS[name]!.rules).toContain(rule);
  });
});

describe('plans of the simulation', () => {
  const plan: Plan = { ...drawPlan({ seed: 1 }), hours: 1 };

  test('a plan that was written is read again', () => {
    using folder = new Folder({});
    const path = join(folder.path, 'plan.json');
    writePlan(path, plan);
    expect(readPlan(path)).toEqual(plan);
  });

  test.each([
    ['not JSON', '{', /plan\.json: .*JSON/],
    ['another file', '{"name": "beat"}', /plan\.json: not the plan of a simulation$/],
    [
      'another version',
      JSON.stringify({ ...plan, version: 1 }),
      /a plan of version 1; this release repeats version 2$/,
    ],
    [
      'an unknown fault',
      JSON.stringify({ ...plan, faults: [{ kind: 'flood' }] }),
      /unknown fault "flood"; allowed: kill, /,
    ],
  ])('%s is rejected in one sentence', (_, text, message) => {
    using folder = new Folder({ 'plan.json': text });
    expect(() => readPlan(join(folder.path, 'plan.json'))).toThrow(message);
  });

  test('a plan is reduced to the faults that break a rule', async () => {
    const [needed, also] = [plan.faults[3]!, plan.faults[11]!];
    const run = async ({ faults }: Plan) => {
      const isBroken = faults.includes(needed) && faults.includes(also);
      return isBroken ? [{ rule: 'once' as const, text: '', at: 0 }] : [];
    };
    const { faults } = await reduce(plan, 'once', run);
    expect(faults).toEqual([needed, also]);
  });
});

test.each([
  [['--sead', '1'], "Unknown option '--sead'"],
  [['--seed', 'x'], '--seed: "x" is not a whole number from 0 to 4294967295'],
  [['--store', 'redis'], '--store: "redis" is not one of exactly-once, outbox'],
  [['--variants', 'no-fence'], '--variants: unknown variant "no-fence"'],
  [['seed'], 'unexpected argument "seed"'],
])('simulate %j: exit code 2 and one line', (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, ['simulation/simulate.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
});
