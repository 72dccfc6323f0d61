import { maskUrl } from '../../util/mask.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/**
 * Rejects arguments of the default command, which are misspelled commands or settings in Celery's style.
 * Throws a `ConfigError` that names the right way.
 */
export function rejectUnknownArguments(
  [argument]: readonly string[],
  commands: readonly string[],
): void {
  if (argument === undefined) return;
  if (/^[\w.]+=/.test(argument)) {
    const [key = '', value = ''] = argument.split(/=(.*)/s);
    const shown = maskUrl(value);
    throw new ConfigError(
      `"${key}=${shown}": settings are not read from the command line; put ` +
        `${key.replaceAll('.', '_').replace(/^_/, '')} into the configuration (see --config)`,
    );
  }
  const hint = didYouMean(argument, commands) || `; allowed: ${commands.join(', ')}`;
  throw new ConfigError(`unknown command "${maskUrl(argument)}"${hint}`);
}
