// Searches for the first seed that breaks a rule, and prints how many seeds it took, as JSON.
import { drawPlan } from './plan.ts';
import type { Found } from './run-variants.ts';
import { World } from './world.ts';

const end = performance.now() + Number(process.argv[2]) * 1_000;
let found: Found = { seeds: 0, rule: null };
for (let seed = 1; found.rule === null && performance.now() < end; seed++) {
  const { violations } = await new World(drawPlan({ seed })).run();
  found = { seeds: seed, rule: violations[0]?.rule ?? null };
}
console.log(JSON.stringify(found));
process.exit();
