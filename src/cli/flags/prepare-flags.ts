import { ConfigError } from '../../util/errors.ts';
import { checkCeleryFlags } from './celery-notes.ts';
import type { GlobalFlags } from './options.ts';

/**
 * The flags as the commands may take them: checked, empty ones left out, and with `--workdir` done, before
 * anything is read. A detached process has inherited what its caller was told to become. Throws a
 * `ConfigError` with everything that is wrong with them.
 */
export function readyFlags<F extends GlobalFlags>(given: F, detached: boolean): F {
  const flags = withoutEmpty(given);
  checkCeleryFlags(flags);
  if (detached) return { ...flags, ...INHERITED };
  if (flags.workdir !== undefined) goTo(flags.workdir);
  return flags;
}

const INHERITED = {
  workdir: undefined,
  umask: undefined,
  uid: undefined,
  gid: undefined,
  detach: undefined,
};

/** Scripts give what a variable holds, and it may hold nothing: to Celery that is a flag not given. */
function withoutEmpty<F extends object>(flags: F): F {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== '')) as F;
}

function goTo(workdir: string): void {
  try {
    process.chdir(workdir);
  } catch (error) {
    throw new ConfigError(`--workdir: cannot go to "${workdir}": ${(error as Error).message}`);
  }
}
