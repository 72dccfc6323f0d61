// A reporter of vitest that writes the counts of a run to $TALLY_FILE, for scripts/tally.ts to print. Vitest's JSON
// report will not do: it counts the tests of a failed hook as skipped, those of a crashed file not at all, and no
// unhandled error.
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node';
import type { Tally } from './tally.ts';

/** A test that should have run and did not, because a hook failed or a process died, counts as failed. */
function outcome(test: TestCase): keyof Tally {
  const { state } = test.result();
  if (state !== 'skipped') return state === 'passed' ? 'passed' : 'failed';
  return test.options.mode === 'run' && belowFailure(test) ? 'failed' : 'skipped';
}

function belowFailure({ parent }: TestCase | TestSuite): boolean {
  if (parent.errors().length > 0) return true;
  return parent.type === 'suite' && belowFailure(parent);
}

/** Counts failures outside of tests: files that could not be loaded, hooks, unhandled rejections. */
function failuresBeside(modules: readonly TestModule[], unhandled: number): number {
  const places = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  return unhandled + places.filter((place) => place.errors().length > 0).length;
}

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason): void {
    const path = process.env['TALLY_FILE'];
    if (path === undefined) throw new Error('TALLY_FILE: expected the path of the file to write');
    const tally = { passed: 0, failed: failuresBeside(modules, unhandled.length), skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) tally[outcome(test)]++;
    }
    if (reason === 'interrupted') tally.failed++;
    writeFileSync(path, JSON.stringify(tally satisfies Tally));
  }
}
