/**
 * How `beat healthcheck` asks the instances of its user that run beside it. Each listens on a local socket
 * named for its process: no port to choose. The sockets stand in a folder that is closed to other users, so
 * that none of them can answer for beat. On Linux the name says which process namespace is meant:
 * containers may share a folder, and each has a process 1. On Windows it is a named pipe.
 */
import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../util/clock.ts';
import type { Progress } from '../../observe/progress.ts';
import { parseHealth, type Health } from './health-answer.ts';
import { isPrivate, privateFolders } from '../service/private-folder.ts';

/** Names of entries in one answer. */
const MOST_NAMES = 10;

const PREFIX = process.platform === 'linux' ? `health-${namespace()}-` : 'beat-health-';
const PIPES = '\\\\.\\pipe\\';

/** How long an instance may take to answer, milliseconds: one that hangs does not answer at all. */
const PATIENCE = 5_000;

/** The most (bytes) that is read of one answer. */
const LONGEST_ANSWER = 64 * 1024;

export interface HealthAnswers {
  /** Why no health check can reach this instance; `null` when it can. */
  readonly trouble: string | null;
  close(): void;
}

/** Answers every connection with the health of this process. Without the socket beat runs on all the same. */
export async function answerHealth(progress: Progress, pid: number): Promise<HealthAnswers> {
  const server: Server = createServer((socket) => {
    const { advancing, silence } = progress;
    const heldUp = progress.heldUp.slice(0, MOST_NAMES);
    socket.on('error', () => {});
    socket.end(JSON.stringify({ pid, advancing, silence, heldUp } satisfies Health));
  });
  const folders = foldersOf(true);
  const tried: string[] = [];
  for (const folder of folders) {
    const path = join(folder, `${PREFIX}${pid}`);
    // A process of this number that died left it behind.
    if (folder !== PIPES) rmSync(path, { force: true });
    const error = await listen(server, path);
    if (error === null) {
      server.unref();
      return { trouble: null, close: () => void server.close() };
    }
    tried.push(`${path}: ${error.message}`);
  }
  const places = privateFolders(process.env, uid()).join(', ');
  const why = tried.length > 0 ? tried.join('; ') : `no private folder at ${places}`;
  const trouble = `beat healthcheck cannot reach this instance (${why}); set BEAT_RUNTIME_DIR to a folder of this user's with mode 0700`;
  return { trouble, close: () => {} };
}

function listen(server: Server, path: string): Promise<Error | null> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve(error);
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve(null);
    });
  });
}

/** Asks every instance of this user on this host (in a container: of this container). */
export async function askHealth(): Promise<Health[]> {
  const found = new Map(foldersOf(false).flatMap(socketsIn));
  const answers = await Promise.all([...found].map(([pid, path]) => ask(pid, path)));
  return answers.filter((health) => health !== null);
}

/** `null` for a socket that its process left behind. */
async function ask(pid: number, path: string): Promise<Health | null> {
  const silent: Health = { pid, advancing: false, silence: null };
  const late = new AbortController();
  const answer = new Promise<Health | null>((resolve) => {
    let text = '';
    const socket = connect(path);
    late.signal.addEventListener('abort', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.length > LONGEST_ANSWER) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const isLeft = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
      if (isLeft && process.platform !== 'win32') rmSync(path, { force: true });
      resolve(isLeft ? null : silent);
    });
    socket.on('close', () => resolve(parseHealth(text, pid) ?? silent));
  });
  const answered = new AbortController();
  const patience = systemClock.sleep(PATIENCE, answered.signal).then(() => {
    late.abort();
    return silent;
  });
  const health = await Promise.race([answer, patience]);
  answered.abort();
  return health;
}

function socketsIn(folder: string): [number, string][] {
  return readdirSync(folder).flatMap((name): [number, string][] => {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
    return /^\d+$/.test(pid) ? [[Number(pid), join(folder, name)]] : [];
  });
}

function foldersOf(make: boolean): string[] {
  if (process.platform === 'win32') return [PIPES];
  return privateFolders(process.env, uid()).filter((folder) => isPrivate(folder, uid(), make));
}

function uid(): number {
  return process.geteuid?.() ?? 0;
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
