import { globSync, readFileSync, statSync } from 'node:fs';
import { collectMutants, isLua } from './collect.ts';
import { isEquivalent, type Equivalent } from './equivalents.ts';
import { applyTo, type Mutant } from './mutant.ts';
import { shuffled } from './sample.ts';
import { TypeCheck } from './type-check.ts';

/** The sources that globs and folders name. */
export function listSources(globs: readonly string[]): string[] {
  const files = globs.flatMap((glob) => {
    const isFolder = statSync(glob, { throwIfNoEntry: false })?.isDirectory() ?? false;
    return globSync(isFolder ? `${glob}/**/*.{ts,lua}` : glob);
  });
  return [...new Set(files)].filter((file) => /^src\/.*(\.lua|(?<!\.d)\.ts)$/.test(file)).toSorted();
}

export function listMutants(files: readonly string[]): Mutant[] {
  return files.flatMap((file) => collectMutants(file, readFileSync(file, 'utf8')));
}

/** At most `count` of each folder that compile and are not known as equivalent. */
export function draw(
  mutants: readonly Mutant[],
  known: readonly Equivalent[],
  { seed, count }: { readonly seed: number; readonly count: number },
): Mutant[] {
  const types = new TypeCheck();
  const drawn: Mutant[] = [];
  for (const within of shuffled(mutants, seed).values()) {
    let left = count;
    for (const mutant of within) {
      if (left === 0) break;
      if (isEquivalent(mutant, known)) continue;
      if (!isLua(mutant.file) && !types.passes(mutant.file, mutatedText(mutant))) continue;
      drawn.push(mutant);
      left -= 1;
    }
  }
  return drawn;
}

export function mutatedText(mutant: Mutant): string {
  return applyTo(readFileSync(mutant.file, 'utf8'), mutant);
}
