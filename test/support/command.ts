import { main } from '../../src/cli/main.ts';
import { captureWrites } from './capture-writes.ts';

export interface CommandOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process; returns its exit code and output. */
export async function runCommand(...args: readonly string[]): Promise<CommandOutput> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    captureWrites(name, (text) => {
      printed[name] += text;
    }),
  );
  try {
    const code = await main(args);
    return { code, ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
    // Every call of main adds listeners, which a real process does once.
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
  }
}

/** Runs a command line in this process as `runBeat` does in another: in a folder, and without the last line break. */
export async function runCommandIn(cwd: string, args: readonly string[]): Promise<CommandOutput> {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const { code, stdout, stderr } = await runCommand(...args);
    return { code, stdout: stdout.replace(/\n$/, ''), stderr: stderr.replace(/\n$/, '') };
  } finally {
    process.chdir(before);
  }
}
