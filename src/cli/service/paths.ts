import { resolve } from 'node:path';
import type { CeleryFlags } from '../flags/celery-flags.ts';
import { expand } from '../flags/placeholders.ts';
import { dropPrivileges } from './privileges.ts';
import { parseUmask } from './umask.ts';

/** `--umask`, `--uid` and `--gid`: before any file is created, which shall be that user's own. */
export function become({ umask, uid, gid }: CeleryFlags): void {
  if (umask !== undefined) process.umask(parseUmask(umask));
  dropPrivileges(uid, gid);
}

/** The paths of log and pidfile, with what their `%` stand for. */
export function pathsOf({ logfile, pidfile, hostname }: CeleryFlags) {
  return {
    logfile: logfile === undefined ? undefined : resolve(expand('--logfile', logfile, hostname)),
    pidfile: pidfile === undefined ? undefined : expand('--pidfile', pidfile, hostname),
  };
}
