import { closeSync, fstatSync, statSync, constants, lstatSync, openSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../util/errors.ts';
import { LineOutput, type LineOutputOptions } from './line-output.ts';

/** Paths that name an open file descriptor. Reopening a socket's path fails, and any after a change of user. */
export const STREAMS: Readonly<Record<string, 1 | 2>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/**
 * Appends log lines to a file. After the file is moved or removed, as by logrotate, a new file with the
 * same path is created at the next line, as in Celery, or at once by `reopen`. Lines that cannot be written
 * (full disk) go to the fallback, and the file reports their number when it can be written.
 */
export class LogFile extends LineOutput {
  readonly path: string;
  #fd: number;

  /** Throws a `ConfigError` when the file cannot be opened. */
  constructor(path: string, options: LineOutputOptions = {}) {
    const fd = openForAppend(path);
    super(fd, options);
    this.path = path;
    this.#fd = fd;
  }

  override write(line: string): void {
    if (this.#moved()) this.reopen();
    super.write(line);
  }

  /** Opens the path again; continues in the old file if that fails. */
  reopen(): void {
    const old = this.#fd;
    try {
      this.#fd = openForAppend(this.path);
    } catch {
      return;
    }
    this.redirect(this.#fd);
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

// On Windows the last two are undefined, which counts as 0 here.
const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;

/** `O_NONBLOCK`, because opening a FIFO without a reader would block the start. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

/** The longest chain of symbolic links, as on Linux; a longer one is rejected as a loop. */
const MAX_LINKS = 40;

/**
 * Opens a file to append to. A symbolic link is followed only if it and its folder belong to this user or
 * to root and the folder is not world-writable: otherwise another user could redirect the log to a file of
 * their choice. Throws a `ConfigError`.
 */
function openForAppend(given: string): number {
  let path = given;
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      return openSync(path, FLAGS | O_NOFOLLOW, 0o666);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ELOOP') throw cannotWrite(given, message);
    }
    const reason = findDistrust(path);
    if (reason !== null) {
      const advice =
        'name the target file itself, or move the link to a folder that only its owner and root can write to';
      throw cannotWrite(given, `"${path}" is a symbolic link ${reason}; ${advice}`);
    }
    // The links of /proc, to which /dev/stdout leads, name an open file, not a path.
    if (path.startsWith('/proc/')) return openSync(path, FLAGS, 0o666);
    path = resolve(dirname(path), readlinkSync(path));
  }
  throw cannotWrite(given, 'its symbolic links form a loop');
}

/** Returns why another user may have created the link; `null` if only this user or root can have done so. */
function findDistrust(path: string): string | null {
  const trusted = [0, process.geteuid?.()];
  const link = lstatSync(path);
  const folder = statSync(dirname(path));
  if (!trusted.includes(link.uid)) return `of another user (uid ${link.uid})`;
  if ((folder.mode & 0o002) !== 0) return 'in a world-writable folder';
  if (!trusted.includes(folder.uid)) return `in a folder of another user (uid ${folder.uid})`;
  return null;
}

function cannotWrite(path: string, reason: string): ConfigError {
  return new ConfigError(`--logfile: cannot write to "${path}": ${reason}`);
}
