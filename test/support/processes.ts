import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to a process and all that it started, parents first. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  walkTree(pid, (each) => process.kill(each, signal));
}

/** As `freeze`, of a process and all that it started, parents first. */
export function freezeTree(pid: number): void {
  walkTree(pid, freeze);
}

function walkTree(pid: number, act: (pid: number) => void): void {
  try {
    act(pid);
  } catch {
    // It went between our look and our signal.
  }
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  for (const child of stdout.split('\n').filter(Boolean)) walkTree(Number(child), act);
}

/**
 * Stops a process with all its threads, and returns once they stand still. The signal alone does not promise
 * that: on a busy machine a thread may first finish what it was doing, a commit for example.
 */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  while (!isStopped(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** Stopped, or dead. */
const IDLE = new Set(['T', 't', 'Z', 'X']);

/** Linux tells; elsewhere the signal has to do. */
function isStopped(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((thread) => IDLE.has(readState(`/proc/${pid}/task/${thread}/stat`)));
  } catch {
    return true;
  }
}

/** The letter behind the name, which may hold spaces and brackets itself. */
function readState(stat: string): string {
  const text = readFileSync(stat, 'utf8');
  return text.charAt(text.lastIndexOf(')') + 2);
}
