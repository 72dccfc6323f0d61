import { vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

export interface CommandOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that ends by itself in this process, with what it prints. */
export async function runCommand(...args: readonly string[]): Promise<CommandOutput> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await main(args);
    return { code, ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
    // Each run listens anew, as the command does once.
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
  }
}
