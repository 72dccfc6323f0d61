// Everything that can be said about the code without running it: `npm run check`, or some of it:
// `npm run check -- lint types`. All steps run, so that one answer names everything that is wrong.
import { spawnSync } from 'node:child_process';

/** Written beside prettier's own cache: a second check reads only what has changed. */
const CACHE = 'node_modules/.cache/check.tsbuildinfo';

const FOLDERS = ['src', 'test', 'bench', 'chaos', 'mutation'];

const STEPS: Record<string, readonly string[]> = {
  format: ['prettier', '--check', '--cache', '--log-level=warn', '.'],
  lint: ['eslint', '--max-warnings=0', '.'],
  boundaries: ['depcruise', '--config', '.dependency-cruiser.js', ...FOLDERS],
  types: ['tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', CACHE],
  unused: ['node', 'scripts/unused.ts'],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are: ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}

const failed: string[] = [];
for (const [name, [command = '', ...args]] of Object.entries(STEPS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}: ${command} ${args.join(' ')}`);
  const started = performance.now();
  // npm put node_modules/.bin first in PATH, and with it the Node that the project brings along.
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) console.error(error.message);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok' : 'FAILED'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}

console.log(failed.length === 0 ? '\ncheck: all ok' : `\ncheck: FAILED ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
