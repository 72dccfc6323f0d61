import { ConfigError } from '../../util/errors.ts';
import { checkCeleryFlags } from './celery-flag-checks.ts';
import type { GlobalFlags } from './options.ts';

/**
 * Removes empty flags, checks the rest and applies `--workdir` before any file is read. A detached process
 * skips what it inherited from its parent. Throws a `ConfigError` with all errors.
 */
export function prepareFlags<F extends GlobalFlags>(given: F, detached: boolean): F {
  const flags = withoutEmpty(given);
  checkCeleryFlags(flags);
  if (detached) return { ...flags, ...INHERITED };
  if (flags.workdir !== undefined) changeDirectory(flags.workdir);
  return flags;
}

const INHERITED = {
  workdir: undefined,
  umask: undefined,
  uid: undefined,
  gid: undefined,
  detach: undefined,
};

/** Removes flags without a value, as in `--pidfile=$UNSET`, which Celery ignores too. */
function withoutEmpty<F extends object>(flags: F): F {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== '')) as F;
}

function changeDirectory(workdir: string): void {
  try {
    process.chdir(workdir);
  } catch (error) {
    throw new ConfigError(`--workdir: cannot change to "${workdir}": ${(error as Error).message}`);
  }
}
