// All checks that do not run the code: `npm run check`, or some of them:
// `npm run check -- lint types`. All steps run even if one fails, so that one run reports everything.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Beside prettier's own cache: a second check reads only changed files. */
const CACHE = 'node_modules/.cache/check.tsbuildinfo';

const FOLDERS = ['src', 'test', 'bench', 'chaos', 'mutation'];

/** The slowest comes first: it takes as long as all others. */
const STEPS: Record<string, readonly string[]> = {
  lint: ['eslint', '--max-warnings=0', '.'],
  format: ['prettier', '--check', '--cache', '--log-level=warn', '.'],
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
const waiting = Object.entries(STEPS).filter(
  ([name]) => asked.length === 0 || asked.includes(name),
);

/** Runs a step and prints its output at its end, because another step runs at the same time. */
async function run(name: string, [command = '', ...args]: readonly string[]): Promise<void> {
  const started = performance.now();
  // npm puts node_modules/.bin first in PATH, which contains the project's own Node.
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  });
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('error', ({ message }) => {
      resolve(message);
    });
    child.on('close', resolve);
  });
  const [status, ...output] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n── ${name}: ${command} ${args.join(' ')}`);
  process.stdout.write(output.join(''));
  if (typeof status === 'string') console.log(status);
  console.log(`${status === 0 ? 'ok' : 'FAILED'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}

async function runWaiting(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) await run(...next);
}

await Promise.all([runWaiting(), runWaiting()]);

console.log(failed.length === 0 ? '\ncheck: all ok' : `\ncheck: FAILED ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
