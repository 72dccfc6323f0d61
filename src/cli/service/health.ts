/**
 * Health checks over local sockets: `beat healthcheck` asks every instance of its user on this host. A socket is named
 * after its process and is in a folder that other users cannot enter, so that they can neither answer in place of beat
 * nor read its answers. On Linux the name includes the process namespace, because containers that share a folder may
 * each have a process 1. On Windows the socket is a named pipe.
 */

import { once } from 'node:events';
import { readdirSync, readlinkSync, rmSync, lstatSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Liveness } from '../../observe/liveness.ts';
import type { Health } from '../../read-models/status/shapes.ts';
import { isMap } from '../../util/is-map.ts';
import { systemClock } from '../../util/system-clock.ts';
import { waitAtMost } from '../../util/wait.ts';

const MAX_NAMES = 10;

/** The most characters of an error in an answer. */
const MAX_ERROR = 2_000;

const PREFIX = process.platform === 'linux' ? `health-${namespace()}-` : 'beat-health-';
const PIPES = '\\\\.\\pipe\\';

/** Milliseconds after which an instance that does not answer counts as stuck. */
export const ANSWER_TIMEOUT = 5_000;

/** The most characters to read of one answer. */
const MAX_ANSWER = 64 * 1024;

export interface HealthAnswers {
  /** Why no health check can reach this instance; `null` when it can. */
  readonly trouble: string | null;
  close(): void;
}

/** Answers every connection with the health of this process. Beat runs without health checks if the socket fails. */
export async function answerHealth(liveness: Liveness, pid: number): Promise<HealthAnswers> {
  const server = createServer((socket) => {
    const { alive, idleMs } = liveness;
    const blockedEntries = liveness.blockedEntries.slice(0, MAX_NAMES);
    socket.on('error', () => {});
    const reloadError = liveness.reloadError?.slice(0, MAX_ERROR);
    const health: Health = { pid, alive, idleMs, blockedEntries, ...(reloadError && { reloadError }) };
    socket.end(JSON.stringify(health));
  });
  const tried: string[] = [];
  for (const folder of findFolders(true)) {
    const path = join(folder, `${PREFIX}${pid}`);
    // A process with this number may have died and left its socket.
    if (folder !== PIPES) rmSync(path, { force: true });
    try {
      server.listen(path);
      await once(server, 'listening');
      server.unref();
      return { trouble: null, close: () => void server.close() };
    } catch (error) {
      tried.push(`${path}: ${(error as Error).message}`);
    }
  }
  const places = privateFolders(process.env, uid()).join(', ');
  const why = tried.length > 0 ? tried.join('; ') : `no private folder at ${places}`;
  const trouble = `beat healthcheck cannot reach this instance (${why}); set BEAT_RUNTIME_DIR to a folder of this user's with mode 0700`;
  return { trouble, close: () => {} };
}

/** Asks every instance of this user on this host (in a container: of this container). */
export async function askHealth(): Promise<Health[]> {
  const found = new Map(findFolders(false).flatMap(socketsIn));
  const answers = await Promise.all([...found].map(([pid, path]) => ask(pid, path)));
  return answers.filter((health) => health !== null);
}

/** Resolves with `null` for a socket whose process has died. */
async function ask(pid: number, path: string): Promise<Health | null> {
  let health: Health | null = { pid, alive: false, idleMs: null };
  await waitAtMost(systemClock, ANSWER_TIMEOUT, new AbortController().signal, async (signal) => {
    try {
      health = parseHealth(await readAnswer(path, signal), pid) ?? health;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ECONNREFUSED' && code !== 'ENOENT') return;
      if (process.platform !== 'win32') rmSync(path, { force: true });
      health = null;
    }
  });
  return health;
}

async function readAnswer(path: string, signal: AbortSignal): Promise<string> {
  let text = '';
  for await (const chunk of connect({ path, signal }).setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_ANSWER) break;
  }
  return text;
}

function socketsIn(folder: string): [number, string][] {
  return readdirSync(folder).flatMap((name): [number, string][] => {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
    return /^\d+$/.test(pid) ? [[Number(pid), join(folder, name)]] : [];
  });
}

function findFolders(make: boolean): string[] {
  if (process.platform === 'win32') return [PIPES];
  return privateFolders(process.env, uid()).filter((folder) => isPrivate(folder, uid(), make));
}

function uid(): number {
  return process.geteuid?.() ?? 0;
}

function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    // A sandbox may hide the namespace.
    return '';
  }
}

/**
 * Parses the answer of the process with that number; `null` when it is invalid. Unknown fields are dropped: what is
 * printed later is a number, a boolean or an escaped name. The schema is not used, because loading zod would
 * add some 70 ms to each check.
 */
function parseHealth(text: string, pid: number): Health | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isMap(answer) || answer['pid'] !== pid) return null;
  const { alive, idleMs = null, blockedEntries, reloadError } = answer;
  if (typeof alive !== 'boolean' || (idleMs !== null && typeof idleMs !== 'number')) return null;
  return {
    pid,
    alive,
    idleMs,
    ...(Array.isArray(blockedEntries) && { blockedEntries: blockedEntries.filter((name) => typeof name === 'string') }),
    ...(typeof reloadError === 'string' && { reloadError }),
  };
}

/** Lists the possible folders, the best first; which of them can be written depends on the host or container. */
export function privateFolders(env: Readonly<Record<string, string | undefined>>, uid: number): string[] {
  const named = env['BEAT_RUNTIME_DIR'];
  if (named) return [named];
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    ...(runtime ? [join(runtime, 'beat')] : []),
    // The second exists in containers with a read-only root file system.
    ...[tmpdir(), '/dev/shm'].map((base) => join(base, `beat-${uid}`)),
  ];
}

/** Whether the folder belongs to this user and is closed to all others. With `make`, a missing folder is created. */
export function isPrivate(folder: string, uid: number, make: boolean): boolean {
  try {
    // Not its parents: a missing runtime folder must not be created here.
    if (make) mkdirSync(folder, { mode: 0o700 });
  } catch {
    // The folder exists or cannot be created; the rest finds out which.
  }
  try {
    // Links are not followed: another user may have created them.
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0;
  } catch {
    return false;
  }
}
