import { constants, lstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../util/errors.ts';

// On Windows the last two are undefined, which counts as 0 here.
const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;

/** A FIFO without a reader would block the start: hence the last flag. */
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

/** As on Linux, where a longer chain of links is taken for a circle. */
const MOST_LINKS = 40;

/**
 * Opens a file to append to. A symbolic link is followed only if no other user can have put it there: it
 * and its folder belong to this user or to root, and not everybody may write to the folder. Otherwise
 * another user could make beat write into a file of that user's choice. Throws a `ConfigError`.
 */
export function openForAppend(given: string): number {
  let path = given;
  for (let links = 0; links < MOST_LINKS; links++) {
    try {
      return openSync(path, FLAGS | O_NOFOLLOW, 0o666);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ELOOP') throw cannotWrite(given, message);
    }
    const reason = whyUntrusted(path);
    if (reason !== null) throw cannotWrite(given, untrusted(path, reason));
    // The links of /proc (where /dev/stdout leads) name an open file, not a path.
    if (path.startsWith('/proc/')) return openSync(path, FLAGS, 0o666);
    path = resolve(dirname(path), readlinkSync(path));
  }
  throw cannotWrite(given, 'its symbolic links lead in a circle');
}

/** Why a link may be another user's; `null` for one that only this user or root can have made. */
function whyUntrusted(path: string): string | null {
  const trusted = [0, process.geteuid?.()];
  const link = lstatSync(path);
  const folder = statSync(dirname(path));
  if (!trusted.includes(link.uid)) return `of another user (uid ${link.uid})`;
  if ((folder.mode & 0o002) !== 0) return 'in a folder that every user may write to';
  if (!trusted.includes(folder.uid)) return `in a folder of another user (uid ${folder.uid})`;
  return null;
}

function untrusted(path: string, reason: string): string {
  return (
    `"${path}" is a symbolic link ${reason}; name the file itself, or put the link where only its ` +
    'owner and root can'
  );
}

function cannotWrite(path: string, reason: string): ConfigError {
  return new ConfigError(`--logfile: cannot write to "${path}": ${reason}`);
}
