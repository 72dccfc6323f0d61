import { closeSync, fstatSync, statSync } from 'node:fs';
import { LineOutput, type DropReport } from './line-output.ts';
import { openForAppend } from './open-for-append.ts';

/**
 * Paths that name an open file descriptor. Reopening them fails for a socket, such as journald's, and after
 * a change of user.
 */
export const STREAMS: Readonly<Record<string, 1 | 2>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/**
 * Appends log lines to a file. After the file is moved or removed, as by logrotate, a new file with the
 * same path is created at the next line, as in Celery, or at once by `reopen`. Lines that cannot be written
 * (full disk) go to the fallback, and the file reports their number when it can be written.
 */
export class LogFile {
  readonly path: string;
  readonly #output: LineOutput;
  #fd: number;

  /** Throws a `ConfigError` when the file cannot be opened. */
  constructor(path: string, options: { readonly fallback?: LineOutput } = {}) {
    this.path = path;
    this.#fd = openForAppend(path);
    this.#output = new LineOutput(this.#fd, options);
  }

  reportDropsWith(report: DropReport): void {
    this.#output.reportDropsWith(report);
  }

  write(line: string): void {
    if (this.#moved()) this.reopen();
    this.#output.write(line);
  }

  /** Flushes the queue if the path is a pipe. Resolves within two seconds. */
  async end(): Promise<void> {
    await this.#output.end();
  }

  /** Opens the path again; continues in the old file if that fails. */
  reopen(): void {
    const old = this.#fd;
    try {
      this.#fd = openForAppend(this.path);
    } catch {
      return;
    }
    this.#output.redirect(this.#fd);
    closeSync(old);
  }

  #moved(): boolean {
    try {
      const now = statSync(this.path, { throwIfNoEntry: false });
      const ours = fstatSync(this.#fd);
      return now?.ino !== ours.ino || now.dev !== ours.dev;
    } catch {
      // The folder cannot be read, so a new file could not be opened either.
      return false;
    }
  }
}

/** Returns a file descriptor to append to. Throws a `ConfigError` if the path cannot be opened. */
export function openLogPath(path: string): number {
  return STREAMS[path] ?? openForAppend(path);
}
