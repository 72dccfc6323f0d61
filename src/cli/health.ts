/**
 * How `beat healthcheck` asks the instances that run beside it. Each listens on a local socket named
 * for its process: no port to choose, nothing to write to, so it works in a container whose file system
 * is read-only. On Linux the name is abstract (it stands in no directory) and says which process
 * namespace is meant: containers of one pod share such names, and each has a process 1. Elsewhere it is
 * a file in the directory for temporary files, on Windows a named pipe.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../observe/progress.ts';

export interface Health {
  readonly pid: number;
  readonly advancing: boolean;
  /** Milliseconds since the loop last got anywhere; `null` when the instance did not answer. */
  readonly silence: number | null;
  /** Entries that the instance cannot schedule, since their records cannot be read: the first of them. */
  readonly heldUp?: readonly string[];
}

/** Names of entries in one answer. */
const MOST_NAMES = 10;

const PREFIX = process.platform === 'linux' ? `beat-health-${namespace()}-` : 'beat-health-';
const NAME = new RegExp(`${PREFIX}(\\d+)$`);

/** How long an instance may take to answer, milliseconds: one that hangs does not answer at all. */
const PATIENCE = 5_000;

/** Answers every connection with the health of this process. Without the socket beat runs on all the same. */
export async function answerHealth(progress: Progress, pid: number): Promise<{ close(): void }> {
  const server: Server = createServer((socket) => {
    const { advancing, silence } = progress;
    const heldUp = progress.heldUp.slice(0, MOST_NAMES);
    socket.on('error', () => {});
    socket.end(JSON.stringify({ pid, advancing, silence, heldUp } satisfies Health));
  });
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve());
    server.listen(addressOf(pid), () => resolve());
  });
  server.unref();
  return { close: () => void server.close() };
}

/** Asks every instance of this host (in a container: of this container). */
export async function askHealth(): Promise<Health[]> {
  return Promise.all(running().map(ask));
}

function ask(pid: number): Promise<Health> {
  return new Promise((resolve) => {
    let answer = '';
    const silent = () => resolve({ pid, advancing: false, silence: null });
    const socket = connect(addressOf(pid));
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', silent);
    socket.on('close', () => {
      try {
        resolve(JSON.parse(answer) as Health);
      } catch {
        silent();
      }
    });
  });
}

function addressOf(pid: number): string {
  if (process.platform === 'linux') return `\0${PREFIX}${pid}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${PREFIX}${pid}`;
  return join(tmpdir(), `${PREFIX}${pid}`);
}

function running(): number[] {
  const names =
    process.platform === 'linux'
      ? readFileSync('/proc/net/unix', 'utf8').split('\n')
      : readdirSync(process.platform === 'win32' ? '\\\\.\\pipe\\' : tmpdir());
  const pids = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  return [...new Set(pids)];
}

/** The number of this process namespace. Processes that see one another have the same. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    // A sandbox may hide it, which is no reason not to schedule.
    return '';
  }
}
