// All checks that do not run the code: `npm run check`, or some of them:
// `npm run check -- lint types`. All steps run even if one fails, so that one run reports everything.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const FOLDERS = ['src', 'test', 'bench', 'chaos', 'soak', 'mutation', 'simulation'];

interface Step {
  /** The command is given the names of those to run if it can run several. */
  readonly checks: readonly string[];
  readonly command: readonly string[];
}

/** The slowest comes first: it takes longer than all others. */
const STEPS: readonly Step[] = [
  { checks: ['types', 'unused', 'lint'], command: ['node', 'scripts/typed-checks.ts'] },
  { checks: ['format'], command: ['prettier', '--check', '--cache', '--log-level=warn', '.'] },
  { checks: ['boundaries'], command: ['depcruise', '--config', '.dependency-cruiser.js', ...FOLDERS] },
  { checks: ['words'], command: ['node', 'scripts/words.ts'] },
  { checks: ['workflows'], command: ['node', 'scripts/workflows.ts'] },
  { checks: ['lua'], command: ['node', 'scripts/lua.ts'] },
];

const allowed = STEPS.flatMap(({ checks }) => checks);
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !allowed.includes(name));
if (unknown.length > 0) {
  console.error(`unknown check ${unknown.join(', ')}; allowed: ${allowed.join(', ')}`);
  process.exit(2);
}

const failed: string[] = [];
const waiting = STEPS.map(({ checks, command }) => {
  const names = checks.filter((name) => asked.length === 0 || asked.includes(name));
  return { names, command: checks.length > 1 ? [...command, ...names] : command };
}).filter(({ names }) => names.length > 0);

/** Runs a step and prints its output at its end, because another step runs at the same time. */
async function run({ names, command: [command = '', ...args] }: (typeof waiting)[number]) {
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
  console.log(`\n── ${names.join(', ')}: ${command} ${args.join(' ')}`);
  process.stdout.write(output.join(''));
  if (typeof status === 'string') console.log(status);
  console.log(`${status === 0 ? 'ok' : 'FAILED'} ${names.join(', ')} (${seconds} s)`);
  if (status !== 0) failed.push(...names);
}

async function runWaiting(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) await run(next);
}

await Promise.all([runWaiting(), runWaiting()]);

console.log(failed.length === 0 ? '\ncheck: all ok' : `\ncheck: FAILED ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
