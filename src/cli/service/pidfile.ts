import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT, ExitError } from '../exit.ts';
import { startedAfter } from './process-age.ts';

/** How often a file that others replace at the same moment is tried for. */
const TRIES = 5;

/** Bytes; no pidfile is longer, and a longer file is not read. */
const LONGEST = 64;

export interface Pidfile {
  /** Why a file that was there was replaced, in Celery's words. */
  readonly replaced: string | undefined;
}

/**
 * Writes the number of this process into a file, until its end. One that names a process which runs is
 * respected: an `ExitError` with Celery's sentence and code 73. One that is left of a process which is
 * gone is replaced, also when its number is now that of another: in containers everybody has the same few.
 * Anything that is not a pidfile (another text, a link, a folder) is an error, and stays as it is: the path
 * is more likely mistaken than the file worthless.
 *
 * It keeps a service from being started twice by mistake. That runs are sent once does not depend on it:
 * the lock sees to that, on all hosts.
 */
export function takePidfile(given: string): Pidfile {
  const path = resolve(given);
  let replaced: string | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    if (create(path)) {
      process.on('exit', () => leave(path));
      return { replaced };
    }
    replaced = whyStale(given, path) ?? replaced;
    remove(path);
  }
  throw cannot(path, 'others write it at the same time');
}

/** Answers `false` when there is one. */
function create(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannot(path, error);
  }
}

/** Why the file may be replaced; `null` when it is gone by now. Throws when its process runs. */
function whyStale(given: string, path: string): string | null {
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

interface Found {
  /** `null` where the file is empty, or its number has no line end or is 0: it was not written whole. */
  readonly pid: number | null;
  /** Epoch milliseconds. */
  readonly writtenAt: number;
}

/** `null` for no file. Throws for anything that is not a pidfile. */
function read(path: string): Found | null {
  try {
    const file = lstatSync(path);
    if (!file.isFile())
      throw noPidfile(path, file.isSymbolicLink() ? 'is a symbolic link' : 'is not a regular file');
    const text = file.size > LONGEST ? '' : readFileSync(path, 'utf8');
    if (file.size > LONGEST || !/^\s*\d*\s*$/.test(text)) {
      throw noPidfile(path, 'holds something other than a process id');
    }
    const pid = /\d\s*\n/.test(text) ? parseInt(text, 10) : 0;
    return { pid: pid > 0 ? pid : null, writtenAt: file.mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error instanceof ExitError ? error : cannot(path, error);
  }
}

/** One that belongs to another user is alive as well. */
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
    throw cannot(path, error);
  }
}

/** At the end of the process. What cannot be removed then is found stale by the next. */
function leave(path: string): void {
  try {
    if (read(path)?.pid === process.pid) remove(path);
  } catch {
    // The process has been told to end, and has an exit code.
  }
}

function cannot(path: string, cause: unknown): ExitError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ExitError(`--pidfile: cannot write "${path}": ${why}`, EXIT.pidfile, { cause });
}

function noPidfile(path: string, what: string): ExitError {
  const message = `--pidfile: "${path}" ${what}, so beat neither replaces nor removes it; remove it, or give another path`;
  return new ExitError(message, EXIT.pidfile);
}
