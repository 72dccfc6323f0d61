import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from '../test/support/folder.ts';
import { BENCHES } from './benches.ts';
import type { BenchResult } from './run-bench.ts';

/** How long a bench may take to end after SIGTERM. Milliseconds. */
const GRACE = 5_000;

/** Runs a bench of a tree in a process of its own, which ends at the latest after the time that `BENCHES` allows. */
export async function runApart(tree: string, name: string, quick: boolean): Promise<BenchResult> {
  using folder = new Folder();
  const path = join(folder.path, 'result.json');
  const args = [join(tree, 'bench/run-bench.ts'), name, path, ...(quick ? ['--quick'] : [])];
  const child = spawn(process.execPath, args, { cwd: tree, stdio: ['ignore', 'inherit', 'inherit'] });
  const kill = () => child.kill('SIGTERM');
  process.once('exit', kill);
  const { minutes } = BENCHES[name]!;
  const limit = AbortSignal.timeout(minutes * 60_000);
  limit.addEventListener('abort', kill);
  const last = AbortSignal.timeout(minutes * 60_000 + GRACE);
  last.addEventListener('abort', () => child.kill('SIGKILL'));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  process.off('exit', kill);
  if (limit.aborted) return { error: `${name} did not end within ${minutes} minutes` };
  if (!existsSync(path)) return { error: `${name} ended with ${signal ?? code}` };
  return JSON.parse(readFileSync(path, 'utf8')) as BenchResult;
}
