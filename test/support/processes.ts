import { spawnSync } from 'node:child_process';

/** Sends a signal to a process and all that it started, parents first. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went between our look and our signal.
  }
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  for (const child of stdout.split('\n').filter(Boolean)) signalTree(Number(child), signal);
}
