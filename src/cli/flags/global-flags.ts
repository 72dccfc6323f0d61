import type { Command } from 'commander';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';
import { maskUrl } from '../../util/mask.ts';
import { CELERY_OPTIONS, checkCeleryFlags } from './celery-flags.ts';
import type { GlobalFlags } from './options.ts';

export function addGlobalFlags(program: Command): void {
  program
    .option('-c, --config <path>', 'a configuration file, or a folder of them')
    .option('-b, --broker <url>', 'the broker; overrides brokerUrl')
    .option('--state <url>', 'the store of lock and ledger, if not the broker; overrides stateUrl')
    .option('--result-backend <url>', "the workers' result backend; overrides resultBackend")
    .option('-l, --loglevel <level>', 'debug, info, warning, error or critical (default: info)')
    .option('--log-format <format>', 'json or text (default: text on a terminal, else json)');
  for (const option of CELERY_OPTIONS) program.addOption(option);
}

/** Checks flags and applies `--workdir`, unless this detached process inherited it. Throws one `ConfigError`. */
export function prepareFlags<F extends GlobalFlags>(given: F, detached: boolean): F {
  // Celery ignores flags without a value too, as in `--pidfile=$UNSET`.
  const flags = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')) as F;
  checkCeleryFlags(flags);
  if (detached) return { ...flags, ...INHERITED };
  if (flags.workdir !== undefined) changeDirectory(flags.workdir);
  return flags;
}

const INHERITED = { workdir: undefined, umask: undefined, uid: undefined, gid: undefined, detach: undefined };

function changeDirectory(workdir: string): void {
  try {
    process.chdir(workdir);
  } catch (error) {
    throw new ConfigError(`--workdir: cannot change to "${workdir}": ${(error as Error).message}`);
  }
}

/** Rejects arguments, which are misspelled subcommands or Celery's settings. Throws a `ConfigError` with the remedy. */
export function rejectUnknownArguments([argument]: readonly string[], subcommands: readonly string[]): void {
  if (argument === undefined) return;
  if (/^[\w.]+=/.test(argument)) {
    const [key = '', value = ''] = argument.split(/=(.*)/s);
    const shown = maskUrl(value);
    throw new ConfigError(
      `"${key}=${shown}": settings are not read from the command line; put ` +
        `${key.replaceAll('.', '_').replace(/^_/, '')} into the configuration (see --config)`,
    );
  }
  const hint = didYouMean(argument, subcommands) || `; allowed: ${subcommands.join(', ')}`;
  throw new ConfigError(`unknown subcommand "${maskUrl(argument)}"${hint}`);
}
