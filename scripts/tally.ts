// Prints the last line of a test run, from the counts of scripts/tally-reporter.ts and the exit status of the tests:
// `node scripts/tally.ts FILE STATUS`. A run that ended badly never counts 0 failed, and a run in which no test passed
// is a failure.
import { readFileSync } from 'node:fs';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const [path = '', status = ''] = process.argv.slice(2);
const text = readFileSync(path, 'utf8');
if (text === '') console.error('the tests did not run');
const counted: Tally = text === '' ? { passed: 0, failed: 1, skipped: 0 } : (JSON.parse(text) as Tally);
// Vitest also fails for reasons outside of tests, for example a global teardown.
const failed = status === '0' ? counted.failed : Math.max(counted.failed, 1);
console.log(`${counted.passed} passed, ${failed} failed, ${counted.skipped} skipped`);
process.exitCode = failed === 0 && counted.passed > 0 ? 0 : 1;
