// The closing line of a run, from the JSON results of vitest. A run of no test is a failure: it shows nothing.
import { readFileSync } from 'node:fs';

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly File[];
}

interface File {
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

const [path = ''] = process.argv.slice(2);
const text = readFileSync(path, 'utf8');
if (text === '') {
  console.error('the tests did not run');
  process.exit(1);
}
const results = JSON.parse(text) as Results;
// A file that cannot be loaded, or whose preparations fail, has failed without a test of its own.
const broken = results.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
).length;
const failed = results.numFailedTests + broken;
const skipped = results.numPendingTests + results.numTodoTests;
console.log(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && results.numPassedTests > 0 ? 0 : 1;
