import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { RULES, type Rule } from './invariants.ts';
import { VARIANTS } from './variants.ts';

/** How long a variant may take to be found. Seconds. */
const WITHIN = 60;

/** What became of a variant: how many seeds it took, and the rule that it broke; `null` if none broke within a minute. */
export interface Found {
  readonly seeds: number;
  readonly rule: Rule | null;
}

/** Runs a variant in a process of its own, because the changed file is loaded once. */
export async function findVariant(name: string, seconds = WITHIN): Promise<Found> {
  const preload = join(import.meta.dirname, 'load-variant.ts');
  const program = join(import.meta.dirname, 'search.ts');
  const child = spawn(process.execPath, ['--import', preload, program, String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SIMULATION_VARIANT: name },
  });
  return JSON.parse(await text(child.stdout)) as Found;
}

/** Prints a table of variants, as Markdown. Resolves with the exit code. */
export async function runVariants(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !Object.hasOwn(VARIANTS, name));
  if (unknown !== undefined) {
    console.error(`--variants: unknown variant "${unknown}"; allowed: ${Object.keys(VARIANTS).join(', ')}`);
    return 2;
  }
  const chosen = names.length > 0 ? names : Object.keys(VARIANTS);
  let missed = 0;
  console.log('| variant | seeds | rule that breaks |\n| --- | --- | --- |');
  for (const name of chosen) {
    const { seeds, rule } = await findVariant(name);
    if (rule === null) missed += 1;
    const result = rule === null ? '**not found**' : RULES[rule];
    console.log(`| ${VARIANTS[name]!.what} (\`${name}\`) | ${seeds} | ${result} |`);
  }
  console.log(`\n${chosen.length - missed} of ${chosen.length} variants were found within ${WITHIN} s`);
  return missed === 0 ? 0 : 1;
}
