import { resolve } from 'node:path';
import type { CeleryFlags } from '../flags/celery-flags.ts';
import { expandPlaceholders } from '../flags/placeholders.ts';

/** Expands the paths of `--logfile` and `--pidfile`; the log path is made absolute. */
export function resolvePaths({ logfile, pidfile, hostname }: CeleryFlags) {
  return {
    logfile:
      logfile === undefined
        ? undefined
        : resolve(expandPlaceholders('--logfile', logfile, hostname)),
    pidfile: pidfile === undefined ? undefined : expandPlaceholders('--pidfile', pidfile, hostname),
  };
}
