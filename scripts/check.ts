// All checks that do not run the code: `npm run check`, or some of them:
// `npm run check -- lint types`. All steps run even if one fails, so that one run reports everything.
import { spawnSync } from 'node:child_process';

/** Beside prettier's own cache: a second check reads only changed files. */
const CACHE = 'node_modules/.cache/check.tsbuildinfo';

const FOLDERS = ['src', 'test', 'bench', 'chaos', 'mutation'];

const STEPS: Record<string, readonly string[]> = {
  format: ['prettier', '--check', '--cache', '--log-level=warn', '.'],
  lint: ['eslint', '--max-warnings=0', '.'],
  boundaries: ['depcruise', '--config', '.dependency-cruiser.js', ...FOLDERS],
  types: ['tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', CACHE],
  unused: ['node', 'scripts/unused.ts'],
  words: ['node', 'scripts/words.ts'],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`unknown step ${unknown.join(', ')}; allowed: ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}

const failed: string[] = [];
for (const [name, [command = '', ...args]] of Object.entries(STEPS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}: ${command} ${args.join(' ')}`);
  const started = performance.now();
  // npm puts node_modules/.bin first in PATH, which contains the project's own Node.
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) console.error(error.message);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok' : 'FAILED'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}

console.log(failed.length === 0 ? '\ncheck: all ok' : `\ncheck: FAILED ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
