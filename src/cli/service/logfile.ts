import { closeSync, fstatSync, statSync } from 'node:fs';
import { LineOutput, type DropReport } from './line-output.ts';
import { openForAppend } from './open-for-append.ts';

/**
 * File descriptors that go by the name of a file. To open one anew fails for a socket, such as journald's,
 * and after a change of the user.
 */
export const STREAMS: Readonly<Record<string, 1 | 2>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/**
 * A log that is appended to a file. A file that was moved or removed, as by logrotate, is followed by a
 * new one of the old name: at the next line, as Celery does, or at once by `reopen`. A line that cannot
 * be written (the disk is full) goes to the fallback; the file reports how many are missing as soon as it
 * can be written again.
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

  /** Writes what waits, where the path is that of a pipe. Resolves within two seconds. */
  async end(): Promise<void> {
    await this.#output.end();
  }

  /** Continues in the file that has the name now; in the old file while none can be opened. */
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
      // The folder is out of reach: there is nothing to open.
      return false;
    }
  }
}

/** A file descriptor to append to. Throws a `ConfigError` that says why there is none. */
export function openLogPath(path: string): number {
  return STREAMS[path] ?? openForAppend(path);
}

/** Whether the log goes to a file, and not to one of the standard streams. */
export function isFile(path: string | undefined): boolean {
  return path !== undefined && !(path in STREAMS);
}
