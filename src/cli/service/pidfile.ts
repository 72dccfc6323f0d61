import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../../util/system-clock.ts';
import { EXIT, ExitError } from '../exit.ts';

/** The number of attempts while other processes replace the file at the same moment. */
const ATTEMPTS = 5;

/** The largest size of a pidfile in bytes; a longer file is not read. */
const MAX_SIZE = 64;

/**
 * Writes the id of this process into a file and removes it at exit. Returns Celery's message about a stale or broken
 * file that was replaced. This prevents starting a service twice by mistake; beat's guarantees do not depend on it,
 * because the lock excludes other instances on all hosts.
 *
 * - The file names a running process: an `ExitError` with Celery's message and code 73.
 * - Its process has ended, even if another process has the same id by now, as is usual in containers: the
 *   file is replaced.
 * - It is not a pidfile (other text, a link, a folder): an error, and it stays as it is, because the path is
 *   more likely a mistake.
 */
export function acquirePidfile(given: string): string | undefined {
  const path = resolve(given);
  let replaced: string | undefined;
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    if (create(path)) {
      process.on('exit', () => removeOwn(path));
      return replaced;
    }
    replaced = checkStale(given, path) ?? replaced;
    remove(path);
  }
  throw cannotWrite(path, 'other processes write it at the same time');
}

/** Returns `false` if the file exists. */
function create(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

/** Returns why the file may be replaced; `null` if it no longer exists. Throws if its process runs. */
function checkStale(given: string, path: string): string | null {
  const found = read(path);
  if (found === null) return null;
  const { pid, writtenAt } = found;
  if (pid === null) return 'Broken pidfile found - Removing it.';
  if (pid !== process.pid && isAlive(pid) && !startedAfter(pid, writtenAt)) {
    const sentence = `ERROR: Pidfile (${given}) already exists.\nSeems we're already running? (pid: ${pid})`;
    throw new ExitError(sentence, EXIT.pidfile);
  }
  return 'Stale pidfile exists - Removing it.';
}

/** `null` if the file does not exist; `pid` is `null` if it was not written completely. Throws for any other file. */
function read(path: string): { readonly pid: number | null; readonly writtenAt: number } | null {
  try {
    const file = lstatSync(path);
    if (!file.isFile()) throw notAPidfile(path, file.isSymbolicLink() ? 'is a symbolic link' : 'is not a regular file');
    const text = file.size > MAX_SIZE ? '' : readFileSync(path, 'utf8');
    if (file.size > MAX_SIZE || !/^\s*\d*\s*$/.test(text)) {
      throw notAPidfile(path, 'contains something other than a process id');
    }
    const pid = /\d\s*\n/.test(text) ? parseInt(text, 10) : 0;
    return { pid: pid > 0 ? pid : null, writtenAt: file.mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error instanceof ExitError ? error : cannotWrite(path, error);
  }
}

/** Whether the process runs, as this user or another one. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Removes the file at exit if it still names this process. A file that stays is stale for the next start. */
function removeOwn(path: string): void {
  try {
    if (read(path)?.pid === process.pid) remove(path);
  } catch {
    // The process is exiting, and its exit code is set.
  }
}

function cannotWrite(path: string, cause: unknown): ExitError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ExitError(`--pidfile: cannot write "${path}": ${why}`, EXIT.pidfile, { cause });
}

function notAPidfile(path: string, what: string): ExitError {
  const message = `--pidfile: "${path}" ${what}, so beat neither replaces nor removes it; remove it, or use another path`;
  return new ExitError(message, EXIT.pidfile);
}

/** Milliseconds per clock tick in `/proc`: 10 on all platforms of Node on Linux. */
const TICK = 10;

/** The index of the start time in `/proc/PID/stat`, counted from the end of the name in parentheses. */
const START_TIME = 19;

/** The tolerance in milliseconds: times of files are coarser than times of processes. */
const TOLERANCE = 1_000;

/**
 * Whether a process started after an instant (epoch milliseconds): then its id was reused, and another
 * process wrote a file of that time. Returns `false` if this cannot be determined, as outside Linux. The
 * start is computed relative to this process, because containers may see different boot times.
 */
export function startedAfter(pid: number, instant: number): boolean {
  const [theirs, ours] = [readStartTicks(pid), readStartTicks('self')];
  if (theirs === undefined || ours === undefined) return false;
  const ourStart = systemClock.now() - process.uptime() * 1_000;
  return ourStart + (theirs - ours) * TICK > instant + TOLERANCE;
}

function readStartTicks(pid: number | 'self'): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]);
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}
