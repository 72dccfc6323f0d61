import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { main } from '../../src/cli/main.ts';
import { captureWrites } from './capture-writes.ts';
import { inheritEnv } from './child.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

const require = createRequire(import.meta.url);

export interface CallOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CallResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls share the working directory, the environment and the output of this process, so each waits for the last one. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Calls the built command in this process, with the folder, the environment and the results of `runBeat`, which starts
 * it and needs half a second of CPU for that. For subcommands that end by themselves.
 */
export async function callBeat(args: readonly string[], options: CallOptions): Promise<CallResult> {
  const result = last.then(() => call(args, options));
  last = result.catch(() => {});
  return result;
}

async function call(args: readonly string[], { cwd, env }: CallOptions): Promise<CallResult> {
  const built = require(MAIN) as { readonly main: typeof main };
  const before = { cwd: process.cwd(), env: { ...process.env } };
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    captureWrites(name, (text) => {
      printed[name] += text;
    }),
  );
  process.chdir(cwd);
  replaceEnv({ ...inheritEnv(), ...env });
  try {
    const code = await built.main(args);
    const [stdout, stderr] = [printed.stdout, printed.stderr].map((text) => text.replace(/\n$/, ''));
    return { code, stdout: stdout!, stderr: stderr! };
  } finally {
    process.chdir(before.cwd);
    replaceEnv(before.env);
    for (const spy of spies) spy.mockRestore();
    // Every call of main adds listeners, which a real process does once.
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
  }
}

function replaceEnv(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
}
