import { readFileSync } from 'node:fs';
import type { Mutant } from './mutant.ts';

/** A change that no test can notice, because it changes nothing that can be observed. */
export interface Equivalent {
  readonly file: string;
  readonly was: string;
  readonly now: string;
  readonly why: string;
}

export function readEquivalents(): Equivalent[] {
  return JSON.parse(readFileSync('mutation/equivalents.json', 'utf8')) as Equivalent[];
}

export function isEquivalent(mutant: Mutant, known: readonly Equivalent[]): boolean {
  return known.some((e) => e.file === mutant.file && e.was === mutant.was && e.now === mutant.now);
}

/** Entries of these files whose lines are gone: the code has changed, so the reason may not hold. */
export function stale(known: readonly Equivalent[], mutants: readonly Mutant[]): Equivalent[] {
  const files = new Set(mutants.map(({ file }) => file));
  return known.filter((e) => files.has(e.file) && !mutants.some((mutant) => isEquivalent(mutant, [e])));
}
