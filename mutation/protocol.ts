import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';

/** The environment variables with the work of a test process. */
export const MODE = 'BEAT_MUTATION_MODE';
export const FOLDER = 'BEAT_MUTATION_FOLDER';
/** The file that the functions reached by this test file are appended to. */
export const REACHED = 'BEAT_MUTATION_REACHED';

/** `record` writes down which functions a test reaches; `mutate` swaps the text of one file. */
export type Mode = 'record' | 'mutate';

/** What the processes of the tests read instead of one file. */
export interface Swap {
  readonly file: string;
  readonly text: string;
}

export function swapPath(folder: string): string {
  return join(folder, 'swap.json');
}

export function readSwap(folder: string): Swap | null {
  return JSON.parse(readFileSync(swapPath(folder), 'utf8')) as Swap | null;
}

export interface Task {
  readonly swap: Swap | null;
  /** Test files in the order to run them, relative to the repository. */
  readonly tests: readonly string[];
}

export interface TestFile {
  readonly file: string;
  readonly passed: boolean;
  /** How many tests passed. */
  readonly tests: number;
  /** Of everything in the file, in milliseconds. */
  readonly duration: number;
}

export interface Failure {
  readonly file: string;
  readonly title: string;
  readonly message: string;
}

/** What became of a task. In `mutate` mode the run ends with the first failure. */
export interface Answer {
  readonly files: readonly TestFile[];
  readonly failure: Failure | null;
}

export type Verdict =
  | { readonly kind: 'killed'; readonly by: Failure }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'survived'; readonly ran: number; readonly leftOut: number };

export interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly seconds: number;
}
