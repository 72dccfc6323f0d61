import { appendFileSync, closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { ConfigError } from '../errors.ts';

/**
 * File descriptors that go by the name of a file. To open one anew fails for a socket, such as journald's,
 * and after a change of the user.
 */
export const STREAMS: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

const STDERR = 2;

/**
 * A log that is appended to a file. A file that was moved or removed, as by logrotate, is followed by a
 * new one of the old name: at the next line, as Celery does, or at once by `reopen`. A line that cannot
 * be written (the disk is full) goes to standard error: no log is a reason not to schedule.
 */
export class LogFile {
  readonly path: string;
  #fd: number;

  /** Throws a `ConfigError` when the file cannot be opened. */
  constructor(path: string) {
    this.path = path;
    this.#fd = openLog(path);
  }

  write(line: string): void {
    try {
      if (this.#moved()) this.reopen();
      appendFileSync(this.#fd, line);
    } catch {
      appendFileSync(STDERR, line);
    }
  }

  /** Goes on in what is to be found under the name now; in the old file while there is nothing to open. */
  reopen(): void {
    const old = this.#fd;
    try {
      this.#fd = openSync(this.path, 'a');
    } catch {
      return;
    }
    closeSync(old);
  }

  #moved(): boolean {
    const now = statSync(this.path, { throwIfNoEntry: false });
    const ours = fstatSync(this.#fd);
    return now?.ino !== ours.ino || now.dev !== ours.dev;
  }
}

/** A file descriptor to append to. Throws a `ConfigError` that says why there is none. */
export function openLog(path: string): number {
  const stream = STREAMS[path];
  if (stream !== undefined) return stream;
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw new ConfigError(`--logfile: cannot write to "${path}": ${(error as Error).message}`);
  }
}
