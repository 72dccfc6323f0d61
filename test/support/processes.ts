import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to a process and its descendants, parents first. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  walkTree(pid, (each) => process.kill(each, signal));
}

/** Freezes a process and its descendants, parents first. */
export function freezeTree(pid: number): void {
  walkTree(pid, freeze);
}

function walkTree(pid: number, act: (pid: number) => void): void {
  try {
    act(pid);
  } catch {
    // It ended before it received the signal.
  }
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  for (const child of stdout.split('\n').filter(Boolean)) walkTree(Number(child), act);
}

/**
 * Stops a process, and returns when all its threads are stopped. On a busy machine, a thread may finish a
 * commit after the signal was sent.
 */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  while (!isStopped(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** Stopped, or dead. */
const IDLE = new Set(['T', 't', 'Z', 'X']);

/** Reads the state of each thread on Linux; elsewhere the signal is trusted. */
function isStopped(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((thread) => IDLE.has(readState(`/proc/${pid}/task/${thread}/stat`)));
  } catch {
    return true;
  }
}

/** Returns the letter behind the name, which may contain spaces and brackets. */
function readState(stat: string): string {
  const text = readFileSync(stat, 'utf8');
  return text.charAt(text.lastIndexOf(')') + 2);
}
